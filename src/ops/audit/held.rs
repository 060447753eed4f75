//! Notes told while the log cannot be written: the newest are held, the others counted, so that a long failure costs a bounded amount of memory.

use std::collections::VecDeque;
use std::sync::Arc;

use super::encode;
use super::writer::{Shared, lock};

/// So many notes are held at most.
const MOST_HELD: usize = 256;

/// What waits for the log.
#[derive(Default)]
pub(super) struct Held {
    newest: VecDeque<Vec<u8>>,
    left_out: u64,
}

impl Held {
    /// Holds a note, in place of the oldest if there is no room.
    fn hold(&mut self, note: Vec<u8>) {
        if self.newest.len() >= MOST_HELD {
            self.newest.pop_front();
            self.left_out += 1;
        }
        self.newest.push_back(note);
    }

    fn is_empty(&self) -> bool {
        self.newest.is_empty()
    }

    /// How many were left out, and the notes in order.
    fn take(&mut self) -> (u64, VecDeque<Vec<u8>>) {
        let Self { newest, left_out } = std::mem::take(self);
        (left_out, newest)
    }
}

impl Shared {
    /// Adds a note; while the log cannot be written, holds it.
    pub(super) fn add_note(self: &Arc<Self>, note: Vec<u8>) {
        if self.is_writable() {
            self.release_notes();
            self.add_quietly(note);
        } else {
            lock(&self.held).hold(note);
        }
    }

    /// Adds the notes that were held, once the log can be written.
    pub(super) fn release_notes(self: &Arc<Self>) {
        if !self.is_writable() || lock(&self.held).is_empty() {
            return;
        }
        let (left_out, notes) = lock(&self.held).take();
        if left_out > 0 {
            self.add_quietly(encode::left_out(left_out, self.clock.micros()));
        }
        notes.into_iter().for_each(|note| self.add_quietly(note));
    }
}
