//! Notes told while the log cannot be written: the newest are held, the others counted, so that a long failure costs a bounded amount of memory.

use std::collections::VecDeque;

/// So many notes are held at most.
pub(super) const MOST_HELD: usize = 256;

/// What waits for the log.
#[derive(Default)]
pub(super) struct Held {
    newest: VecDeque<Vec<u8>>,
    left_out: u64,
}

impl Held {
    /// Holds a note, in place of the oldest if there is no room.
    pub(super) fn hold(&mut self, note: Vec<u8>) {
        if self.newest.len() >= MOST_HELD {
            self.newest.pop_front();
            self.left_out += 1;
        }
        self.newest.push_back(note);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.newest.is_empty()
    }

    /// How many were left out, and the notes in order.
    pub(super) fn take(&mut self) -> (u64, VecDeque<Vec<u8>>) {
        let Self { newest, left_out } = std::mem::take(self);
        (left_out, newest)
    }
}
