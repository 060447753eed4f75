//! Whether the poll loop still makes progress: each of its events says how long the next one may take at most.

use std::time::Duration;

use tokio::time::Instant;

use super::Expected;
use crate::ops::event::{PollEvent, PollPause};

/// What a busy machine may add to any wait.
const SLACK: Duration = Duration::from_secs(60);

/// The heartbeat of the poll loop.
#[derive(Clone, Copy, Debug)]
pub struct Heart {
    /// The latest moment of the next beat; `None` while any wait is right.
    due: Option<Instant>,
}

impl Heart {
    /// Before the first beat.
    #[must_use]
    pub fn started(now: Instant) -> Self {
        Self {
            due: Some(now + SLACK),
        }
    }

    /// Since when the next beat is overdue, if it is.
    #[must_use]
    pub fn overdue(self, now: Instant) -> Option<Instant> {
        self.due.filter(|due| now > *due)
    }

    pub(super) fn beat(&mut self, event: &PollEvent<'_>, expected: &Expected, now: Instant) {
        let longest = match *event {
            PollEvent::Started { .. } => Some(expected.poll),
            PollEvent::Failed(failure) => Some(failure.retry_in + expected.call),
            // After an answer and with every place taken, the loop waits for calls to end.
            PollEvent::Answered { .. } | PollEvent::Paused(PollPause::Full) => Some(expected.call),
            PollEvent::Paused(PollPause::Floor) => Some(Duration::ZERO),
            PollEvent::Paused(PollPause::Gate) | PollEvent::Stopped => None,
        };
        self.due = longest.and_then(|wait| now.checked_add(wait + SLACK));
    }
}
