//! What can happen to the agent as a whole, and to its private servers.

use std::time::Duration;

/// What can happen to the agent as a whole.
#[derive(Clone, Copy, Debug)]
pub enum AgentEvent<'a> {
    /// A stop signal came.
    Stopping {
        /// Its name.
        signal: &'a str,
        /// How long running calls may finish.
        drain: Duration,
        /// Commands taken and not yet settled.
        running: usize,
    },
    /// Every command is settled.
    Drained,
    /// Records can be written (again).
    AuditWritable,
    /// Records cannot be written; they wait in memory, and calls go on.
    AuditSpooling {
        /// The system's own words or a fixed one.
        why: &'a str,
    },
    /// Records cannot be written, and no call is forwarded.
    AuditFailing {
        /// The system's own words or a fixed one.
        why: &'a str,
    },
}

/// What can happen between the agent and a private server.
#[derive(Clone, Copy, Debug)]
pub enum ServerEvent {
    /// It answered.
    Reached {
        /// The HTTP status.
        status: u16,
    },
    /// It did not answer.
    Failed {
        /// Who failed: the word of the wire.
        source: &'static str,
        /// What happened: the word of the wire.
        kind: &'static str,
    },
}
