//! Keeps a flood of refusals from flooding the log: the first of each kind are written, the rest are counted and told.
//!
//! Promises: kinds are pairs of fixed words, so the memory is bounded; counts are exact; every count is told once its window is over.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Lines of one kind in one window.
const IN_FULL: u64 = 20;
const WINDOW: Duration = Duration::from_secs(10);

/// What happened, in two fixed words.
type Kind = (&'static str, &'static str);

/// The counts of the current windows.
#[derive(Debug, Default)]
pub(crate) struct Flood {
    windows: Mutex<BTreeMap<Kind, Window>>,
}

#[derive(Debug)]
struct Window {
    began: Instant,
    seen: u64,
}

impl Flood {
    /// Whether this one is written in full.
    pub(crate) fn admits(&self, kind: Kind, now: Instant) -> bool {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(kind).or_insert(Window {
            began: now,
            seen: 0,
        });
        window.seen = window.seen.saturating_add(1);
        window.seen <= IN_FULL
    }

    /// Ends the windows that are over: what they kept back.
    pub(crate) fn ended(&self, now: Instant) -> Vec<(Kind, u64)> {
        self.end(|window| now.duration_since(window.began) >= WINDOW)
    }

    /// Ends every window: the process stops.
    pub(crate) fn rest(&self) -> Vec<(Kind, u64)> {
        self.end(|_| true)
    }

    fn end(&self, is_over: impl Fn(&Window) -> bool) -> Vec<(Kind, u64)> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let over = windows.extract_if(.., |_, window| is_over(window));
        over.map(|(kind, window)| (kind, window.seen.saturating_sub(IN_FULL)))
            .filter(|(_, kept_back)| *kept_back > 0)
            .collect()
    }
}
