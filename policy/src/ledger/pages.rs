//! Which names the pages of a listing showed so far and as what, so that none stands for two things in one listing (B4).
//!
//! The same page asked for twice, or by two callers of one principal, shows the same things and is no second meaning.

use std::collections::HashMap;

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
    /// The digest of each name's definition.
    seen: HashMap<u64, u64>,
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
        let seen = HashMap::new();
        self.0.insert(owner, Listing { at, seen });
    }

    /// Takes a name of a page and the digest of its definition; whether it is the one meaning the name has in its listing.
    pub(super) fn take(&mut self, owner: u64, name: u64, definition: u64, at: Moment) -> bool {
        if !self.0.contains_key(&owner) {
            self.begin(owner, at);
        }
        let Some(listing) = self.0.get_mut(&owner) else {
            return false;
        };
        match listing.seen.get(&name) {
            Some(earlier) => *earlier == definition,
            None if listing.seen.len() >= NAMES => false,
            None => listing.seen.insert(name, definition).is_none(),
        }
    }
}
