//! The lines of the agent as a whole: its end, its record, and what it watches.

use tracing::{error, info, warn};

use super::rotation;
use crate::ops::event::{AgentEvent, TrialPhase};

/// Writes the line of an event.
pub(super) fn write(event: &AgentEvent<'_>) {
    match *event {
        AgentEvent::Stopping {
            signal,
            drain,
            running,
        } => {
            info!(signal, drain_seconds = drain.as_secs(), running, "stopping");
        }
        AgentEvent::Drained => info!("drained"),
        AgentEvent::AuditWritable => info!("records can be written"),
        AgentEvent::AuditSpooling { why } => {
            error!(why, "records cannot be written and wait in memory");
        }
        AgentEvent::AuditFailing { why } => error!(why, "records cannot be written"),
        AgentEvent::PolicyInForce {
            generation,
            direction,
            changes,
            ..
        } => info!(generation, direction, changes, "another policy is in force"),
        AgentEvent::PolicyTrial { phase, .. } => warn!("{}", trial(phase)),
        AgentEvent::PolicyEnds { days } => warn!(days, "the policy ends soon"),
        AgentEvent::Watching => info!("changes of files are seen as they happen"),
        AgentEvent::NotWatching { why } => {
            warn!(why, "changes of files are found once a minute only");
        }
        AgentEvent::WatchOverflow => warn!("too much changed at once: every file is read again"),
        AgentEvent::ClockJumped { seconds } => warn!(seconds, "the clock of the day jumped"),
        AgentEvent::ClockSynchronised { synchronised } => rotation::clock(synchronised),
    }
}

const fn trial(phase: TrialPhase) -> &'static str {
    match phase {
        TrialPhase::Begun => "an operator tries a policy",
        TrialPhase::Kept => "the policy on trial was saved",
        TrialPhase::Ended => "the policy on trial ended; the file decides again",
    }
}
