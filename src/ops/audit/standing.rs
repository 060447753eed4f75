//! How far the log is, for status and metrics: told by who writes it, read without waiting for a write.

use std::sync::atomic::{AtomicU64, Ordering};

/// How far the log is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Records written since the log was made.
    pub records: u64,
    /// Records that the newest checkpoint of this run covers.
    pub signed: u64,
    /// Records that wait in memory because they cannot be written.
    pub spooled: u64,
    /// Intents refused since the start because they could not be written.
    pub denied: u64,
    /// The number of the open segment.
    pub segment: u64,
}

/// A standing that one writer tells and anybody reads. Its numbers are each right, and may be of two moments a write apart.
#[derive(Default)]
pub(super) struct Told([AtomicU64; 5]);

impl Told {
    pub(super) fn tell(&self, standing: Standing) {
        let Standing {
            records,
            signed,
            spooled,
            denied,
            segment,
        } = standing;
        let numbers = [records, signed, spooled, denied, segment];
        for (told, number) in self.0.iter().zip(numbers) {
            told.store(number, Ordering::Relaxed);
        }
    }

    pub(super) fn read(&self) -> Standing {
        let [records, signed, spooled, denied, segment] =
            self.0.each_ref().map(|told| told.load(Ordering::Relaxed));
        Standing {
            records,
            signed,
            spooled,
            denied,
            segment,
        }
    }
}
