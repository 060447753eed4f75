//! What earlier messages made, and for whom: a later message may use it only as the same principal, and only for a while.
//!
//! Bounded in entries, in entries of one principal and in age. What was forgotten is refused like what was never made.

use std::collections::HashMap;

use crate::moment::Moment;

/// What may be kept of one kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// The most entries.
    pub(super) entries: usize,
    /// The most entries of one principal: nobody pushes out all of the others.
    pub(super) of_one: usize,
    /// How long an entry counts, in milliseconds.
    pub(super) age: u64,
}

/// Things of one kind, by the digest of their name.
pub(super) struct Bindings<V> {
    room: Room,
    made: HashMap<u64, Made<V>>,
}

struct Made<V> {
    owner: u64,
    at: Moment,
    value: V,
}

impl<V> Bindings<V> {
    pub(super) fn new(room: Room) -> Self {
        Self {
            room,
            made: HashMap::new(),
        }
    }

    /// Notes that something was made for an owner. Whether it is his: what another owner holds stays with that owner.
    pub(super) fn note(&mut self, key: u64, owner: u64, value: V, at: Moment) -> bool {
        self.forget_aged(key, at);
        match self.made.get(&key) {
            Some(made) if made.owner != owner => return false,
            Some(_) => {}
            None => self.make_room(owner),
        }
        self.made.insert(key, Made { owner, at, value });
        true
    }

    /// What was made for this owner and still counts.
    pub(super) fn of(&mut self, key: u64, owner: u64, now: Moment) -> Option<&V> {
        self.forget_aged(key, now);
        let made = self.made.get(&key).filter(|made| made.owner == owner)?;
        Some(&made.value)
    }

    /// Forgets what an owner gives up.
    pub(super) fn release(&mut self, key: u64, owner: u64) {
        if self.made.get(&key).is_some_and(|made| made.owner == owner) {
            self.made.remove(&key);
        }
    }

    fn forget_aged(&mut self, key: u64, now: Moment) {
        let age = self.room.age;
        let is_aged = |made: &Made<V>| now.since(made.at) > age;
        if self.made.get(&key).is_some_and(is_aged) {
            self.made.remove(&key);
        }
    }

    fn make_room(&mut self, owner: u64) {
        let own = self.made.values().filter(|made| made.owner == owner);
        if own.count() >= self.room.of_one {
            self.forget_oldest(|made| made.owner == owner);
        }
        if self.made.len() >= self.room.entries {
            self.forget_oldest(|_| true);
        }
    }

    fn forget_oldest(&mut self, of: impl Fn(&Made<V>) -> bool) {
        let oldest = self.made.iter().filter(|(_, made)| of(made));
        let oldest = oldest.min_by_key(|(_, made)| made.at).map(|(key, _)| *key);
        if let Some(oldest) = oldest {
            self.made.remove(&oldest);
        }
    }
}
