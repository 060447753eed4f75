//! The time of one command: from its receipt over waiting, calling and reading to the last attempt of its reply.

use std::time::Duration;

use tokio::time::Instant;

use crate::runtime::deadline::Deadline;

/// Time a reply has to be posted when the command itself used all of its own.
const LAST_POST: Duration = Duration::from_secs(30);

/// When a command is over, and whether the service set that moment.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    deadline: Deadline,
    by_service: Option<Deadline>,
}

impl Budget {
    /// Our own `longest` always holds, whatever the service asks for (E9, W-04).
    #[must_use]
    pub fn new(received: Instant, longest: Duration, asked: Option<Duration>) -> Self {
        let ours = Deadline::after(received, longest);
        let by_service = asked.map(|length| Deadline::after(received, length));
        Self {
            deadline: by_service.map_or(ours, |theirs| theirs.and(ours)),
            by_service,
        }
    }

    /// When waiting and calling end.
    #[must_use]
    pub fn deadline(self) -> Deadline {
        self.deadline
    }

    /// Whether the service does not wait any more: it has answered the caller itself, and nothing is posted (wire sheet 10.4).
    #[must_use]
    pub fn expired_by_service(self) -> bool {
        self.by_service.is_some_and(Deadline::has_passed)
    }

    /// A post may not outlive the service's deadline; past our own it still gets a moment, so that the caller hears of it (W-17).
    #[must_use]
    pub fn for_post(self) -> Deadline {
        let last = Deadline::within(LAST_POST);
        self.by_service.map_or(last, |theirs| theirs.and(last))
    }
}
