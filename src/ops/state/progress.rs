//! Whether the agent is stuck, so that only a new start helps: the poll loop, or the thread of the audit log.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::{Inputs, Now};

/// How long the thread of the audit log may be at one piece of work: a write and a sync of a disk that still answers.
const RECORDING: Duration = Duration::from_secs(30);

/// What makes no progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standstill {
    /// In words.
    pub what: &'static str,
    /// Since when it is too late.
    pub since: SystemTime,
}

impl Inputs {
    /// What makes no progress, if anything: `/healthz` says so.
    #[must_use]
    pub fn standstill(&self, now: Now) -> Option<Standstill> {
        let stuck = |what, due: Instant| Standstill {
            what,
            since: self.wall_at(due),
        };
        let polling = self.heart.overdue(now.clock);
        let recording = self.recording.map(|since| since + RECORDING);
        let recording = recording.filter(|due| now.clock > *due);
        polling
            .map(|due| stuck("the poll loop makes no progress", due))
            .or_else(|| recording.map(|due| stuck("the audit log makes no progress", due)))
    }

    fn wall_at(&self, moment: Instant) -> SystemTime {
        self.started.wall + moment.saturating_duration_since(self.started.clock)
    }
}
