//! A moment by which something is over.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::{Instant, sleep_until, timeout_at};

/// A moment that can only move closer (INVARIANT 8): there is no way to make one later than what it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

/// The deadline passed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the deadline passed")]
pub struct Passed;

impl Deadline {
    /// A deadline this long after a moment.
    #[must_use]
    pub fn after(start: Instant, length: Duration) -> Self {
        Self(start.checked_add(length).unwrap_or_else(|| far_from(start)))
    }

    /// A deadline this long from now.
    #[must_use]
    pub fn within(length: Duration) -> Self {
        Self::after(Instant::now(), length)
    }

    /// The earlier of the two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// This deadline, or this long from now if that is earlier.
    #[must_use]
    pub fn capped(self, length: Duration) -> Self {
        self.and(Self::within(length))
    }

    /// Whether it passed.
    #[must_use]
    pub fn has_passed(self) -> bool {
        Instant::now() >= self.0
    }

    /// Returns once it passed; at once if it has, which a timer of tokio's may take a moment to notice.
    pub async fn passed(self) {
        let mut timer = pin!(sleep_until(self.0));
        poll_fn(|context| {
            if self.has_passed() {
                Poll::Ready(())
            } else {
                timer.as_mut().poll(context)
            }
        })
        .await;
    }

    /// Runs `work` until the deadline. Not an `async fn`: that would keep room for `work` twice, and bounds nest.
    ///
    /// # Errors
    /// [`Passed`] when the deadline comes first; the work is dropped.
    pub fn bound<F: Future>(self, work: F) -> impl Future<Output = Result<F::Output, Passed>> {
        timeout_at(self.0, work).map(|ended| ended.map_err(|_| Passed))
    }
}

/// A century: `Instant` has no maximum.
fn far_from(start: Instant) -> Instant {
    start + Duration::from_secs(100 * 365 * 24 * 3600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_deadline_only_shrinks() {
        let start = Instant::now();
        let near = Deadline::after(start, Duration::from_secs(1));
        let far = Deadline::after(start, Duration::from_secs(9));
        assert_eq!(near.and(far), near);
        assert_eq!(far.and(near), near);
        assert_eq!(near.capped(Duration::from_secs(5)), near);
        assert_eq!(far.capped(Duration::from_secs(1)), near);
        assert!(
            Deadline::after(start, Duration::MAX) > far,
            "an endless length is far, never past"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_passed_is_over_at_once() {
        let now = Deadline::within(Duration::ZERO);
        assert!(now.passed().now_or_never().is_some());
        let soon = Deadline::within(Duration::from_millis(1));
        assert!(soon.passed().now_or_never().is_none());
        soon.passed().await;
        assert!(soon.has_passed());
    }

    #[tokio::test(start_paused = true)]
    async fn work_ends_at_the_deadline() {
        let deadline = Deadline::within(Duration::from_secs(2));
        assert_eq!(
            deadline.bound(std::future::pending::<()>()).await,
            Err(Passed)
        );
        assert!(deadline.has_passed());
        assert_eq!(
            Deadline::within(Duration::from_secs(2))
                .bound(async { 7 })
                .await,
            Ok(7)
        );
    }
}
