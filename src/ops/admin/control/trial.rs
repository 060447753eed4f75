//! An operator tries a policy, or ends the trial.

use std::time::Duration;

use hyper::StatusCode;
use serde::Deserialize;
use tracing::info;

use super::change::{Refusal, read};
use crate::ops::Ops;
use crate::ops::gate::Actor;
use crate::ops::trial::Trying;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Begin {
    text: String,
    seconds: u64,
}

/// Has a policy decide for a time.
pub(super) async fn begin(ops: &Ops, actor: Actor, body: &[u8]) -> Result<String, Refusal> {
    let Begin { text, seconds } = read(body)?;
    ops.record_trial(Some(seconds), actor);
    let what = Trying::Begin {
        text: text.into_bytes(),
        within: Duration::from_secs(seconds),
    };
    ask(ops, actor, what).await
}

/// Has the file decide again.
pub(super) async fn end(ops: &Ops, actor: Actor) -> Result<String, Refusal> {
    ops.record_trial(None, actor);
    ask(ops, actor, Trying::End).await
}

async fn ask(ops: &Ops, actor: Actor, what: Trying) -> Result<String, Refusal> {
    let Actor { uid, pid } = actor;
    info!(
        uid,
        pid = pid.unwrap_or_default(),
        ?what,
        "an operator asked for a trial of a policy, or its end"
    );
    let outcome = ops.trials.ask(what, actor).await;
    let outcome = outcome.ok_or_else(|| Refusal {
        status: StatusCode::SERVICE_UNAVAILABLE,
        why: "the agent is starting or stopping".to_owned(),
    })?;
    outcome.map_err(|why| Refusal {
        status: StatusCode::CONFLICT,
        why,
    })
}
