//! Which names the pages of a listing showed so far, so that none stands twice in one listing (B4).

use std::collections::{HashMap, HashSet};

use crate::moment::Moment;

/// The most listings remembered; the oldest gives way, and what it showed may then be shown again.
const LISTINGS: usize = 256;
/// The most names of one listing. What is beyond is not shown.
const NAMES: usize = 10_000;

/// Listings by whose they are.
#[derive(Default)]
pub(super) struct Pages(HashMap<u64, Listing>);

struct Listing {
    at: Moment,
    seen: HashSet<u64>,
}

impl Pages {
    /// Begins a listing.
    pub(super) fn begin(&mut self, owner: u64, at: Moment) {
        if self.0.len() >= LISTINGS && !self.0.contains_key(&owner) {
            let oldest = self.0.iter().min_by_key(|(_, listing)| listing.at);
            if let Some(oldest) = oldest.map(|(owner, _)| *owner) {
                self.0.remove(&oldest);
            }
        }
        let seen = HashSet::new();
        self.0.insert(owner, Listing { at, seen });
    }

    /// Takes a name of the next page; whether it is new in its listing.
    pub(super) fn take(&mut self, owner: u64, name: u64, at: Moment) -> bool {
        if !self.0.contains_key(&owner) {
            self.begin(owner, at);
        }
        self.0
            .get_mut(&owner)
            .is_some_and(|listing| listing.seen.len() < NAMES && listing.seen.insert(name))
    }
}
