//! Everything worth showing to the operator on this machine, as one JSON value.

mod about;
mod audit;
mod endpoint;
mod pins;
mod readiness;

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

pub use self::about::{About, Policy};
use self::audit::AuditStatus;
use self::endpoint::EndpointStatus;
use self::pins::PinStatus;
pub use self::readiness::ReadinessStatus;
use super::Ops;
use super::gate::{Actor, Hold};
use super::state::readiness::readiness;
use super::state::{Inputs, Now};

/// The whole status.
#[derive(Debug, Serialize)]
pub struct Status {
    version: &'static str,
    pid: u32,
    started_at: u64,
    uptime_seconds: u64,
    live: bool,
    gate: GateStatus,
    readiness: ReadinessStatus,
    control_plane: ControlPlaneStatus,
    channels: Vec<ChannelStatus>,
    policy: Policy,
    stopped_pins: Vec<PinStatus>,
    identities: Vec<IdentityStatus>,
    endpoints: Vec<EndpointStatus>,
    watching: Option<bool>,
    clock_synchronised: Option<bool>,
    audit: AuditStatus,
    counts: Counts,
}

#[derive(Debug, Serialize)]
struct GateStatus {
    standing: &'static str,
    holds: Vec<HoldStatus>,
}

#[derive(Debug, Serialize)]
struct HoldStatus {
    cause: &'static str,
    standing: &'static str,
    reason: String,
    since: u64,
    by: Option<Actor>,
}

#[derive(Debug, Serialize)]
struct ControlPlaneStatus {
    origin: String,
    tunnel: String,
    state: &'static str,
    last_poll: Option<u64>,
    error: Option<String>,
}

#[derive(Debug, Serialize)]
struct ChannelStatus {
    channel: String,
    state: &'static str,
    since: u64,
    queued: i64,
    running: i64,
}

#[derive(Debug, Serialize)]
struct IdentityStatus {
    peer: String,
    serial: String,
    not_before: u64,
    not_after: u64,
}

#[derive(Debug, Serialize)]
struct Counts {
    permitted: u64,
    released: u64,
    refused: u64,
    log_lines_dropped: u64,
}

impl Status {
    pub(super) fn of(ops: &Ops, now: Now) -> Self {
        let inputs = ops.inputs();
        let readiness = readiness(&inputs, now);
        let lived = now.clock.saturating_duration_since(inputs.started.clock);
        Self {
            version: ops.about.version,
            pid: std::process::id(),
            started_at: unix(inputs.started.wall),
            uptime_seconds: lived.as_secs(),
            live: inputs.standstill(now).is_none(),
            gate: GateStatus {
                standing: ops.gate.standing().label(),
                holds: inputs.holds.iter().map(held).collect(),
            },
            control_plane: control_plane(&ops.about, &inputs),
            channels: channels(ops, &inputs),
            policy: ops.policy_in_force(),
            stopped_pins: inputs.stopped().map(Into::into).collect(),
            identities: identities(&inputs),
            endpoints: inputs.endpoints.iter().map(Into::into).collect(),
            watching: inputs.watching,
            clock_synchronised: inputs.synchronised,
            audit: AuditStatus::of(ops.audit.as_deref(), inputs.audit.as_ref()),
            counts: counts(ops),
            readiness: readiness.into(),
        }
    }
}

fn held(hold: &Hold) -> HoldStatus {
    HoldStatus {
        cause: hold.cause.label(),
        standing: hold.standing.label(),
        reason: hold.reason.clone(),
        since: unix(hold.since),
        by: hold.by,
    }
}

fn control_plane(about: &About, inputs: &Inputs) -> ControlPlaneStatus {
    let state = match (&inputs.trouble, &inputs.last_poll, inputs.paused) {
        (Some(trouble), _, _) => trouble.fault.label(),
        (None, None, _) => "pending",
        (None, Some(_), Some(why)) => why.label(),
        (None, Some(_), None) => "polling",
    };
    ControlPlaneStatus {
        origin: about.control_plane.clone(),
        tunnel: about.tunnel.clone(),
        state,
        last_poll: inputs.last_poll.map(|moment| unix(moment.wall)),
        error: inputs.trouble.as_ref().map(|trouble| trouble.error.clone()),
    }
}

/// Every bound channel; of one the policy lists no server for, nothing is known.
fn channels(ops: &Ops, inputs: &Inputs) -> Vec<ChannelStatus> {
    let all = ops.about.channels.iter();
    all.map(|channel| {
        let server = inputs
            .servers
            .iter()
            .find(|server| server.channel == *channel);
        let (queued, running) = ops.metrics.occupancy(channel);
        ChannelStatus {
            channel: channel.clone(),
            state: server.map_or("not_listed", |server| server.reach.label()),
            since: unix(server.map_or(inputs.started.wall, |server| server.since)),
            queued,
            running,
        }
    })
    .collect()
}

fn identities(inputs: &Inputs) -> Vec<IdentityStatus> {
    let all = inputs.identities();
    all.map(|identity| IdentityStatus {
        peer: identity.peer.clone(),
        serial: identity.serial.clone(),
        not_before: unix(identity.not_before),
        not_after: unix(identity.not_after),
    })
    .collect()
}

fn counts(ops: &Ops) -> Counts {
    let [permitted, released, refused] = ops.metrics.verdicts();
    Counts {
        permitted,
        released,
        refused,
        log_lines_dropped: ops.log.dropped(),
    }
}

/// Seconds of Unix time.
fn unix(moment: SystemTime) -> u64 {
    moment
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}
