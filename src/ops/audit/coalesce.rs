//! Refusals alike: the first within a second is recorded in full, the rest are counted exactly (F23).
//!
//! Promises: at most [`MOST_KEYS`] kinds and one for all others are remembered, so a flood writes a bounded number of bytes; no refusal is
//! left uncounted.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::record::{Decided, Refusal};
use super::stamp::is_over;

/// How long refusals alike are counted together, in microseconds.
pub(super) const WINDOW: u64 = 1_000_000;
/// The most kinds of refusals told apart at a time.
pub(super) const MOST_KEYS: usize = 256;

/// What makes refusals alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) channel: String,
    pub(super) method: Option<String>,
    pub(super) reason: String,
    pub(super) line: Option<u32>,
}

/// Refusals that were counted: how many, and time and correlation id of the first and the last.
#[derive(Debug)]
pub(super) struct Repeated {
    /// `None` for those of no kind of their own.
    pub(super) key: Option<Key>,
    pub(super) count: u64,
    pub(super) first: (u64, u128),
    pub(super) last: (u64, u128),
}

struct Window {
    opened: u64,
    counted: Repeated,
}

/// The kinds of refusals of the last second.
#[derive(Default)]
pub(super) struct Repeats {
    hasher: RandomState,
    windows: HashMap<u64, Window>,
    other: Option<Window>,
    /// No window is over before.
    earliest: u64,
}

impl Repeats {
    /// Counts a refusal; `true` if it opens a window, so that it is recorded in full.
    pub(super) fn count(&mut self, decided: &Decided<'_>, refusal: &Refusal<'_>, now: u64) -> bool {
        let hash = self.hasher.hash_one((
            decided.channel,
            decided.method,
            refusal.reason,
            refusal.line,
        ));
        let at = (now, decided.correlation);
        let has_room = self.windows.len() < MOST_KEYS;
        match self.windows.get_mut(&hash) {
            Some(window) if window.is_of(decided, refusal) => {
                window.add(at);
                false
            }
            None if has_room => {
                let window = Window::open(Some(Key::of(decided, refusal)), at);
                self.windows.insert(hash, window);
                true
            }
            Some(_) | None => self.count_other(at),
        }
    }

    /// Counts a refusal, also the first of its kind: while nothing can be written there is no record to stand for it, and however long that
    /// lasts no more is kept than the counts.
    pub(super) fn count_all(&mut self, decided: &Decided<'_>, refusal: &Refusal<'_>, now: u64) {
        if self.count(decided, refusal, now) {
            self.count(decided, refusal, now);
        }
    }

    fn count_other(&mut self, at: (u64, u128)) -> bool {
        match &mut self.other {
            Some(window) => {
                window.add(at);
                false
            }
            None => {
                self.other = Some(Window::open(None, at));
                true
            }
        }
    }

    /// Closes the windows that are over, or all of them, and gives those that counted something.
    pub(super) fn close(&mut self, now: u64, all: bool) -> Vec<Repeated> {
        let over = |window: &Window| all || is_over(window.opened, WINDOW, now);
        let closed = self.windows.extract_if(|_, window| over(window));
        let mut closed: Vec<Repeated> = closed.map(|(_, window)| window.counted).collect();
        closed.extend(self.other.take_if(|window| over(window)).map(|w| w.counted));
        closed.retain(|repeated| repeated.count > 0);
        closed
    }

    /// As [`Repeats::close`], without looking when no window can be over.
    pub(super) fn close_if_due(&mut self, now: u64) -> Vec<Repeated> {
        if !is_over(self.earliest.saturating_sub(WINDOW), WINDOW, now) {
            return Vec::new();
        }
        let closed = self.close(now, false);
        self.earliest = self.due().unwrap_or(now.saturating_add(WINDOW));
        closed
    }

    /// When the next window is over, in microseconds since 1970.
    pub(super) fn due(&self) -> Option<u64> {
        let open = self.windows.values().chain(&self.other);
        open.map(|window| window.opened.saturating_add(WINDOW))
            .min()
    }
}

impl Key {
    fn of(decided: &Decided<'_>, refusal: &Refusal<'_>) -> Self {
        Self {
            channel: bounded(decided.channel),
            method: decided.method.map(bounded),
            reason: bounded(refusal.reason),
            line: refusal.line,
        }
    }
}

impl Window {
    fn open(key: Option<Key>, at: (u64, u128)) -> Self {
        let counted = Repeated {
            key,
            count: 0,
            first: at,
            last: at,
        };
        Self {
            opened: at.0,
            counted,
        }
    }

    fn add(&mut self, at: (u64, u128)) {
        if self.counted.count == 0 {
            self.counted.first = at;
        }
        self.counted.count += 1;
        self.counted.last = at;
    }

    /// Guards against two kinds with one hash.
    fn is_of(&self, decided: &Decided<'_>, refusal: &Refusal<'_>) -> bool {
        self.counted.key.as_ref().is_some_and(|key| {
            key.channel == cut(decided.channel)
                && key.method.as_deref() == decided.method.map(cut)
                && key.reason == cut(refusal.reason)
                && key.line == refusal.line
        })
    }
}

fn bounded(text: &str) -> String {
    cut(text).to_owned()
}

/// As much of a text as a record shows of it.
fn cut(text: &str) -> &str {
    let end = text.floor_char_boundary(super::line::LONGEST_TEXT.min(text.len()));
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::audit::Decided;

    const SECOND: u64 = 1_000_000;

    fn counted(repeats: &mut Repeats, now: u64) {
        let refusal = Refusal {
            reason: "tool_not_listed",
            ..Refusal::default()
        };
        repeats.count(&Decided::default(), &refusal, now);
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_no_count_waiting() {
        let mut repeats = Repeats::default();
        for _ in 0..3 {
            counted(&mut repeats, 7200 * SECOND);
        }
        assert!(repeats.close_if_due(7200 * SECOND).is_empty());
        let closed = repeats.close_if_due(3600 * SECOND);
        assert_eq!(closed.iter().map(|repeated| repeated.count).sum::<u64>(), 2);
        assert!(repeats.due().is_none());
    }
}
