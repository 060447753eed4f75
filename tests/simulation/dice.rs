//! All chance of a run, from one seed.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// Dice for many hands that come in no fixed order: what one of them throws does not depend on who threw before, only on how often this one
/// did. The order in which tokio wakes those who wait for the same thing is not ours to seed.
pub struct Cup {
    seed: u64,
    thrown: RefCell<HashMap<String, u64>>,
}

impl Cup {
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            thrown: RefCell::default(),
        }
    }

    /// The dice of this hand, for its next throw.
    pub fn of(&self, hand: &str) -> Dice {
        let mut thrown = self.thrown.borrow_mut();
        let count = thrown.entry(hand.to_owned()).or_default();
        *count += 1;
        let mut hasher = DefaultHasher::new();
        (self.seed, hand, *count).hash(&mut hasher);
        Dice::new(hasher.finish())
    }
}

/// A row of numbers (`SplitMix64`): the same seed gives the same row.
pub struct Dice(Cell<u64>);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(Cell::new(seed))
    }

    pub fn number(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub fn below(&self, end: u64) -> u64 {
        self.number() % end.max(1)
    }

    /// True so many times in a hundred.
    pub fn percent(&self, chance: u64) -> bool {
        self.below(100) < chance
    }

    pub fn pick<T: Copy>(&self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    /// Up to `most` milliseconds, short ones more often.
    pub fn moment(&self, most: u64) -> Duration {
        let bound = self.below(most) + 1;
        Duration::from_millis(self.below(bound))
    }

    /// A row of its own, which draws of this one do not disturb.
    pub fn fork(&self) -> Self {
        Self::new(self.number())
    }

    pub fn shuffle<T>(&self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}
