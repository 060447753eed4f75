//! How long to wait after a poll that failed, and what an operator can do about it.
//!
//! A denial (401, 403) is a state of its own: it is not mended by asking again soon, so it is asked again slowly and told apart.

use std::time::Duration;

use super::port::PollError;
use crate::ops::event::PollFault;
use crate::runtime::backoff::Backoff;
use crate::runtime::fresh::Fresh;

/// After most failures (wire sheet 5.3).
const FAILING: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(10)];
/// After 401 and 403: somebody has to change something first.
const DENIED: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(60)];

/// The waits of one poll loop.
#[derive(Debug)]
pub struct Patience {
    failing: Backoff,
    denied: Backoff,
}

impl Default for Patience {
    fn default() -> Self {
        let [failing, denied] = [FAILING, DENIED].map(|[least, most]| Backoff::new(least, most));
        Self { failing, denied }
    }
}

impl Patience {
    /// How long to wait after this failure: as the service asks, and never less than our own growing wait.
    pub fn wait(&mut self, error: &PollError, fresh: &Fresh) -> Duration {
        let own = if fault(error).is_denial() {
            self.failing.reset();
            self.denied.next_wait(fresh)
        } else {
            self.denied.reset();
            self.failing.next_wait(fresh)
        };
        own.max(asked(error))
    }

    /// Starts again after a poll that was answered.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

/// What kind of failure it is, for whoever counts.
#[must_use]
pub const fn fault(error: &PollError) -> PollFault {
    match error {
        PollError::Status { status: 401, .. } => PollFault::Unauthorized,
        PollError::Status { status: 403, .. } => PollFault::Forbidden,
        PollError::Status { status, .. } => PollFault::Status(*status),
        PollError::Transport(_) => PollFault::Transport,
        PollError::Timeout => PollFault::Timeout,
        PollError::Cut(_) | PollError::Body(_) => PollFault::Body,
    }
}

/// What an operator can do about it.
#[must_use]
pub const fn remedy(error: &PollError) -> &'static str {
    match error {
        PollError::Status { status: 401, .. } => {
            "check the API key and, if the organization requires one, the client certificate"
        }
        PollError::Status { status: 403, .. } => {
            "check that the key may use this tunnel, and the organization id"
        }
        PollError::Status { status: 404, .. } => "check the tunnel id and the URL path",
        PollError::Transport(_) => {
            "check the network, the base URL, the CA bundle and the client certificate"
        }
        PollError::Status { .. } | PollError::Timeout | PollError::Cut(_) | PollError::Body(_) => {
            "none: it is tried again"
        }
    }
}

fn asked(error: &PollError) -> Duration {
    match error {
        PollError::Status { retry_after, .. } => retry_after.unwrap_or_default(),
        PollError::Transport(_) | PollError::Timeout | PollError::Cut(_) | PollError::Body(_) => {
            Duration::ZERO
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16, retry_after: Option<u64>) -> PollError {
        PollError::Status {
            status,
            detail: String::new(),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    #[test]
    fn a_newcomer_is_told_what_to_check() {
        assert!(remedy(&status(401, None)).contains("API key"));
        assert!(remedy(&status(403, None)).contains("organization id"));
        assert!(remedy(&status(404, None)).contains("tunnel id"));
        assert!(remedy(&PollError::Transport("tls")).contains("CA bundle"));
        assert_eq!(remedy(&status(503, None)), "none: it is tried again");
    }

    /// Wire sheet 5.2, HAZARD: a revoked key does not knock every ten seconds for ever.
    #[test]
    fn a_denial_is_asked_again_slowly() {
        let (fresh, mut patience) = (Fresh::seeded(1), Patience::default());
        let mut wait = |error: &PollError| patience.wait(error, &fresh).as_secs_f64();
        assert!((wait(&status(401, None)) - 10.0).abs() < 1e-9);
        for _ in 0..20 {
            assert!((10.0..=60.0).contains(&wait(&status(403, None))));
        }
        assert!(
            wait(&status(503, None)) < 0.21,
            "another failure is another row"
        );
        assert!((wait(&status(401, None)) - 10.0).abs() < 1e-9);
        assert!((wait(&status(401, Some(60))) - 60.0).abs() < 1e-9);
    }

    #[test]
    fn what_carried_commands_and_broke_is_told_apart() {
        assert_eq!(fault(&PollError::Cut("unexpected_eof")), PollFault::Body);
        assert_eq!(fault(&PollError::Body("too_large")), PollFault::Body);
        assert_eq!(fault(&PollError::Transport("dial")), PollFault::Transport);
    }
}
