//! Whether the agent can do its work, and if not, why not: one pure function.
//!
//! Promises: ready means that this key polled this tunnel recently, every server answers, what is shown to peers is valid, decisions can be
//! recorded and the gate is raised. Codes are stable; the phrases are the reference's where it has one.

mod validity;

use std::time::{Duration, SystemTime};

use self::validity::outside_validity;
use super::server::Reach;
use super::{Inputs, Now, PollTrouble, RecordTrouble, Server, Standstill};
use crate::ops::event::{PollFault, PollPause};
use crate::ops::gate::{Hold, Standing};

/// How much later than a poll may take the next success may come.
pub const GRACE: Duration = Duration::from_secs(30);

/// The verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// Whether there is no cause against it.
    pub ready: bool,
    /// The text of the answer: `ready`, perhaps with a remark, or the phrase of the first cause.
    pub status: String,
    /// Why not, the first cause first.
    pub causes: Vec<Cause>,
}

/// One cause against readiness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The stable word.
    pub code: &'static str,
    /// Since when.
    pub since: SystemTime,
    /// One phrase.
    pub detail: String,
    /// What an operator can do about it.
    pub remedy: String,
}

impl Cause {
    fn new(
        code: &'static str,
        since: SystemTime,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            code,
            since,
            detail: detail.into(),
            remedy: remedy.into(),
        }
    }
}

/// Judges what is known.
#[must_use]
pub fn readiness(inputs: &Inputs, now: Now) -> Readiness {
    let mut causes = Vec::new();
    causes.extend(inputs.stopping.map(stopping));
    causes.extend(inputs.standstill(now).map(stalled));
    causes.extend(inputs.holds.iter().map(held));
    causes.extend(inputs.audit.as_ref().map(unrecorded));
    let identities = inputs.identities();
    causes.extend(identities.filter_map(|identity| outside_validity(identity, now)));
    causes.extend(inputs.servers.iter().filter_map(no_server));
    causes.extend(no_polls(inputs, now));
    let status = match causes.first() {
        Some(cause) => cause.detail.clone(),
        None => ready_phrase(&inputs.servers),
    };
    Readiness {
        ready: causes.is_empty(),
        status,
        causes,
    }
}

fn ready_phrase(servers: &[Server]) -> String {
    let needing = servers.iter().find_map(|server| match server.reach {
        Reach::NeedsAuth(status) => Some((&server.channel, status)),
        Reach::Pending | Reach::Reached | Reach::Unreachable { .. } => None,
    });
    needing.map_or_else(
        || "ready".to_owned(),
        |(channel, status)| {
            format!("ready (mcp initialize requires auth: channel {channel} answered {status})")
        },
    )
}

fn stopping(since: SystemTime) -> Cause {
    Cause::new(
        "stopping",
        since,
        "the agent is stopping",
        "none: start it again when it has stopped",
    )
}

fn stalled(standstill: Standstill) -> Cause {
    Cause::new(
        "stalled",
        standstill.since,
        standstill.what,
        "restart the agent; if it is the audit log, check the disk of the state directory first",
    )
}

fn held(hold: &Hold) -> Cause {
    let by = hold.cause.label();
    let (code, how) = match hold.standing {
        Standing::Quiesced => ("gate_quiesced", "quiesced"),
        Standing::Lowered | Standing::Raised => ("gate_lowered", "lowered"),
    };
    let reason = match hold.reason.as_str() {
        "" => String::new(),
        reason => format!(": {reason}"),
    };
    Cause::new(
        code,
        hold.since,
        format!("the gate is {how} by {by}{reason}"),
        hold.cause.remedy(),
    )
}

fn unrecorded(trouble: &RecordTrouble) -> Cause {
    let RecordTrouble { since, why, .. } = trouble;
    let detail = format!("decisions cannot be recorded: {why}");
    Cause::new(
        "audit_unavailable",
        *since,
        detail,
        "make room on the disk of the state directory and check who may write there",
    )
}

fn no_server(server: &Server) -> Option<Cause> {
    let channel = &server.channel;
    match server.reach {
        Reach::Reached | Reach::NeedsAuth(_) => None,
        Reach::Pending => Some(Cause::new(
            "mcp_probe_pending",
            server.since,
            "mcp startup probe pending",
            "none: the server has not answered yet",
        )),
        Reach::Unreachable { source, kind } => Some(Cause::new(
            "mcp_server_unreachable",
            server.since,
            format!("mcp probe failed: channel {channel}: {source}, {kind}"),
            format!(
                "check the MCP server of the channel {channel}, its URL, its certificate and the network to it"
            ),
        )),
    }
}

/// While the gate is not raised nothing is polled, and the hold is the cause.
fn no_polls(inputs: &Inputs, now: Now) -> Option<Cause> {
    if !inputs.holds.is_empty() || inputs.stopping.is_some() {
        return None;
    }
    if let Some(denied) = inputs
        .trouble
        .as_ref()
        .filter(|trouble| trouble.fault.is_denial())
    {
        return Some(troubled(denied));
    }
    let window = inputs.expected.poll + GRACE;
    let recent = |moment: Now| now.clock.duration_since(moment.clock) <= window;
    match inputs.last_poll {
        Some(moment) if recent(moment) || inputs.paused == Some(PollPause::Full) => None,
        None if inputs.trouble.is_none() => Some(Cause::new(
            "control_plane_pending",
            inputs.started.wall,
            "control plane poll pending",
            "none: the first poll has not been answered yet",
        )),
        last => Some(
            inputs
                .trouble
                .as_ref()
                .map_or_else(|| silent(last.unwrap_or(inputs.started).wall), troubled),
        ),
    }
}

fn silent(since: SystemTime) -> Cause {
    Cause::new(
        "control_plane_unreachable",
        since,
        "control plane poll failed: no answer",
        "check the network to the control plane",
    )
}

fn troubled(trouble: &PollTrouble) -> Cause {
    let code = match trouble.fault {
        PollFault::Unauthorized => "control_plane_unauthorized",
        PollFault::Forbidden => "control_plane_forbidden",
        PollFault::Status(_) | PollFault::Body => "control_plane_failing",
        PollFault::Transport | PollFault::Timeout => "control_plane_unreachable",
    };
    Cause::new(
        code,
        trouble.since,
        format!("control plane poll failed: {}", trouble.error),
        trouble.remedy,
    )
}
