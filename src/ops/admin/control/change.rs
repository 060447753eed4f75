//! What an operator can change: the gate, the files in use and the level of the log.

use hyper::StatusCode;
use serde::Deserialize;
use tracing::{info, warn};

use crate::ops::Ops;
use crate::ops::gate::{Action, Actor, REASON_CAP};
use crate::ops::log::LogLevel;
use crate::ops::reload::Force;

/// Why a change was not made.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GateChange {
    action: String,
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelChange {
    level: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reloading {
    #[serde(default)]
    force_roots: bool,
    #[serde(default)]
    allow_identity_change: bool,
    #[serde(default)]
    allow_rollback: bool,
}

/// Reads every file again.
pub(super) async fn reload(ops: &Ops, actor: Actor, body: &[u8]) -> Result<String, Refusal> {
    let asked: Reloading = read(body)?;
    let force = Force {
        roots: asked.force_roots,
        identity: asked.allow_identity_change,
        rollback: asked.allow_rollback,
    };
    let Actor { uid, pid } = actor;
    info!(
        uid,
        pid = pid.unwrap_or_default(),
        ?force,
        "an operator asked to read every file again"
    );
    ops.record_reload(force, actor);
    let outcomes = ops.reloads.ask(force, actor).await;
    outcomes
        .map(|lines| lines.join("\n"))
        .ok_or_else(|| Refusal {
            status: StatusCode::SERVICE_UNAVAILABLE,
            why: "the agent is starting or stopping".to_owned(),
        })
}

/// Moves the gate.
pub(super) fn gate(ops: &Ops, actor: Actor, body: &[u8]) -> Result<String, Refusal> {
    let asked: GateChange = read(body)?;
    let action = action(&asked)?;
    let reason = asked.reason.trim();
    let record = || ops.record_move(action, reason, actor);
    let kept = ops.gate.act(action, (reason, actor), record);
    let standing = ops.gate.standing().label();
    let Actor { uid, pid } = actor;
    warn!(
        action = asked.action,
        reason,
        uid,
        pid = pid.unwrap_or_default(),
        standing,
        "an operator moved the gate"
    );
    ops.look();
    kept.map_err(|error| Refusal {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        why: format!("the gate is {standing}, but that cannot be kept over a restart ({error})"),
    })?;
    Ok(format!("the gate is {standing}"))
}

fn action(asked: &GateChange) -> Result<Action, Refusal> {
    if asked.reason.len() > REASON_CAP {
        return Err(bad(format!("the reason is longer than {REASON_CAP} bytes")));
    }
    match asked.action.as_str() {
        "drop" if asked.reason.trim().is_empty() => Err(bad("a drop needs a reason")),
        "drop" => Ok(Action::Drop),
        "quiesce" => Ok(Action::Quiesce),
        "raise" => Ok(Action::Raise),
        _ => Err(bad("the action is none of `drop`, `raise` and `quiesce`")),
    }
}

/// Changes the level of the log.
pub(super) fn log_level(ops: &Ops, actor: Actor, body: &[u8]) -> Result<String, Refusal> {
    let asked: LevelChange = read(body)?;
    let level: LogLevel = asked
        .level
        .parse()
        .map_err(|error| bad(format!("the value {error}")))?;
    let (uid, level_word) = (actor.uid, level.label());
    info!(
        level = level_word,
        uid, "an operator changed the level of the log"
    );
    ops.log().set_level(level);
    Ok(format!("the log level is {level_word}"))
}

pub(super) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| bad("the body is not what is expected here"))
}

pub(super) fn bad(why: impl Into<String>) -> Refusal {
    Refusal {
        status: StatusCode::BAD_REQUEST,
        why: why.into(),
    }
}
