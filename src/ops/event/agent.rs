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
    /// Another policy is in force.
    PolicyInForce {
        /// Counts the policies of this run from 1.
        generation: u64,
        /// SHA-256 of its file.
        sha256: [u8; 32],
        /// SHA-256 of the file before.
        before: [u8; 32],
        /// `tighter`, `looser` or `neutral`.
        direction: &'static str,
        /// How many rules changed.
        changes: usize,
    },
    /// A policy on trial.
    PolicyTrial {
        /// What became of it.
        phase: TrialPhase,
        /// SHA-256 of its text.
        sha256: [u8; 32],
    },
    /// The policy in force ends soon.
    PolicyEnds {
        /// Whole days until then.
        days: u64,
    },
    /// Changes of files are told as they happen (again).
    Watching,
    /// Changes of files are not told; they are found by looking every minute.
    NotWatching {
        /// The system's own words or a fixed one.
        why: &'a str,
    },
    /// So much changed at once that some of it was not told; everything is read again.
    WatchOverflow,
    /// The clock of the day was set, or the machine slept.
    ClockJumped {
        /// By how many seconds, ahead or back.
        seconds: i64,
    },
    /// Whether the clock of the day follows a time server; nothing if nobody can tell.
    ClockSynchronised {
        /// The answer.
        synchronised: Option<bool>,
    },
}

/// What became of a policy on trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrialPhase {
    /// An operator tries it.
    Begun,
    /// It was saved in the file's place.
    Kept,
    /// It ended, and the file decides again.
    Ended,
}

impl TrialPhase {
    /// The stable word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Begun => "policy.trial_begun",
            Self::Kept => "policy.trial_kept",
            Self::Ended => "policy.trial_ended",
        }
    }
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
