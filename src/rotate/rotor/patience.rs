//! How long to wait before what was rejected is judged again.

use std::time::Duration;

use crate::runtime::fresh::Fresh;

const LEAST: Duration = Duration::from_millis(500);
const MOST: Duration = Duration::from_secs(150);

/// Waits that double from half a second to 150 s, each 20 % more or less, so that many agents do not go in step.
#[derive(Debug)]
pub(super) struct Patience(Duration);

impl Default for Patience {
    fn default() -> Self {
        Self(LEAST)
    }
}

impl Patience {
    pub(super) fn next_wait(&mut self, fresh: &Fresh) -> Duration {
        let wait = self.0.mul_f64(0.8 + 0.4 * fresh.fraction());
        self.0 = (self.0 * 2).min(MOST);
        wait
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn waits_double_within_their_bounds() {
        let (fresh, mut patience) = (Fresh::new().unwrap(), Patience::default());
        let mut middle = LEAST;
        for _ in 0..12 {
            let wait = patience.next_wait(&fresh);
            assert!(wait >= middle.mul_f64(0.8) && wait <= middle.mul_f64(1.2));
            middle = (middle * 2).min(MOST);
        }
        assert_eq!(middle, MOST);
    }
}
