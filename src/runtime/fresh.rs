//! Numbers nobody used before: correlation ids, JSON-RPC ids, jitter.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::atomic::{AtomicU64, Ordering};

/// A source of fresh numbers for one process.
///
/// It reads the system's entropy once, at start, where a failure is an error; afterwards it counts, so it cannot fail on the way.
#[derive(Debug)]
pub struct Fresh {
    seed: u128,
    next_id: AtomicU64,
    drawn: AtomicU64,
}

impl Fresh {
    /// Reads the entropy.
    ///
    /// # Errors
    /// When the system has none to give.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut seed = [0_u8; 16];
        getrandom::fill(&mut seed)?;
        Ok(Self::seeded(u128::from_le_bytes(seed)))
    }

    /// The same row of numbers for the same seed.
    #[must_use]
    pub fn seeded(seed: u128) -> Self {
        // A random start below 2^51 keeps ids apart over restarts on a session that outlives us, and leaves 2^51 to count.
        let start = u64::try_from(seed & ((1 << 51) - 1))
            .unwrap_or_default()
            .max(1);
        Self {
            seed,
            next_id: AtomicU64::new(start),
            drawn: AtomicU64::new(0),
        }
    }

    /// A JSON-RPC id no other call of this process has: below 2^53, as JavaScript servers need (A12).
    pub fn rpc_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed) & ((1 << 53) - 1)
    }

    /// 128 bits that name one decision.
    pub fn correlation(&self) -> u128 {
        let count = u128::from(self.drawn.fetch_add(1, Ordering::Relaxed));
        let hash = BuildHasherDefault::<DefaultHasher>::default();
        let high = u128::from(hash.hash_one((self.seed, count, 0_u8)));
        let low = u128::from(hash.hash_one((self.seed, count, 1_u8)));
        (high << 64) | low
    }

    /// A number from 0 up to, and not, 1.
    pub fn fraction(&self) -> f64 {
        let bits = u32::try_from(self.correlation() & u128::from(u32::MAX)).unwrap_or_default();
        f64::from(bits) / (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_seed_repeats_its_row() {
        let row = |seed| {
            let fresh = Fresh::seeded(seed);
            (fresh.rpc_id(), fresh.correlation(), fresh.correlation())
        };
        assert_eq!(row(7), row(7));
        assert_ne!(row(7), row(8));
    }

    #[test]
    fn numbers_are_fresh_and_in_range() {
        let fresh = Fresh::new().expect("entropy");
        let ids: HashSet<u64> = (0..1000).map(|_| fresh.rpc_id()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| *id < 1 << 53));
        let names: HashSet<u128> = (0..1000).map(|_| fresh.correlation()).collect();
        assert_eq!(names.len(), 1000);
        assert!(
            (0..1000)
                .map(|_| fresh.fraction())
                .all(|f| (0.0..1.0).contains(&f))
        );
    }
}
