//! A list that many requests write and a test reads.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// The latest entries, oldest first. Bounded, because a demo may stay up for days.
#[derive(Debug)]
pub struct Record<T> {
    most: usize,
    entries: Mutex<VecDeque<T>>,
}

impl<T: Clone> Record<T> {
    /// An empty list of at most `most` entries.
    #[must_use]
    pub fn of(most: usize) -> Self {
        Self {
            most,
            entries: Mutex::default(),
        }
    }

    /// Adds one entry, and forgets the oldest if there are too many.
    pub fn add(&self, entry: T) {
        let mut entries = self.lock();
        if entries.len() >= self.most {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    /// A copy of all entries.
    #[must_use]
    pub fn all(&self) -> Vec<T> {
        self.lock().iter().cloned().collect()
    }

    /// Forgets every entry.
    pub fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<T>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_oldest_entry_goes_first() {
        let record = Record::of(2);
        for entry in 1..=3 {
            record.add(entry);
        }
        assert_eq!(record.all(), [2, 3]);
        record.clear();
        assert!(record.all().is_empty());
    }
}
