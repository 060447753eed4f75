//! Growing waits between attempts, spread so that a fleet does not knock in step.

use std::time::Duration;

use super::fresh::Fresh;

/// Waits that double from `least` to `most`, each drawn evenly between the least wait and twice the last bound.
///
/// The reference clamps after drawing, which makes nearly every late wait exactly the longest; here the bound is clamped before drawing.
#[derive(Debug)]
pub struct Backoff {
    least: Duration,
    most: Duration,
    bound: Duration,
}

impl Backoff {
    /// A fresh row of waits.
    #[must_use]
    pub const fn new(least: Duration, most: Duration) -> Self {
        Self {
            least,
            most,
            bound: least,
        }
    }

    /// The next wait: the first is exactly the least.
    pub fn next_wait(&mut self, fresh: &Fresh) -> Duration {
        let span = self.bound.saturating_sub(self.least);
        let wait = self.least + span.mul_f64(fresh.fraction());
        self.bound = (self.bound * 2).min(self.most);
        wait
    }

    /// Starts the row again after a success.
    pub fn reset(&mut self) {
        self.bound = self.least;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]
    use super::*;

    #[test]
    fn waits_grow_stay_in_bounds_and_start_again_rt_009() {
        let fresh = Fresh::new().expect("entropy");
        let (least, most) = (Duration::from_millis(200), Duration::from_secs(10));
        let mut backoff = Backoff::new(least, most);
        assert_eq!(backoff.next_wait(&fresh), least);
        let second = backoff.next_wait(&fresh);
        assert!(second >= least && second < least * 2, "{second:?}");
        for _ in 0..40 {
            let wait = backoff.next_wait(&fresh);
            assert!(wait >= least && wait <= most, "{wait:?}");
        }
        backoff.reset();
        assert_eq!(backoff.next_wait(&fresh), least);
    }
}
