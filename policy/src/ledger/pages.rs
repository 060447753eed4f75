//! What the pages of listings showed each principal so far: the names, so that none stands for two things in one listing (B4), and the cursors,
//! so that a listing goes on only where this principal was shown its pages before.
//!
//! The same page asked for twice, or by two callers of one principal, shows the same things and is no second meaning. What is forgotten is
//! refused: behind a cursor nobody remembers, nobody could tell a second meaning.

use std::collections::{HashMap, VecDeque};

use crate::moment::Moment;

/// The most principals whose listings are remembered; the one who began first gives way.
const LISTINGS: usize = 256;
/// The most names of one listing. What is beyond is not shown.
const NAMES: usize = 10_000;
/// The most cursors of one principal, in all his listings; the oldest gives way.
const CURSORS: usize = 128;

/// Listings by whose they are.
#[derive(Default)]
pub(super) struct Pages(HashMap<u64, Listing>);

struct Listing {
    at: Moment,
    /// The digest of each name's definition.
    seen: HashMap<u64, u64>,
    /// The digests of the cursors, oldest first.
    cursors: VecDeque<u64>,
}

impl Pages {
    /// Begins a listing. The cursors of another one that is under way still count.
    pub(super) fn begin(&mut self, owner: u64, at: Moment) {
        let listing = self.of(owner, at);
        listing.at = at;
        listing.seen = HashMap::new();
    }

    /// Takes a name of a page and the digest of its definition; whether it is the one meaning the name has in its listing.
    pub(super) fn take(&mut self, owner: u64, name: u64, definition: u64, at: Moment) -> bool {
        let listing = self.of(owner, at);
        match listing.seen.get(&name) {
            Some(earlier) => *earlier == definition,
            None if listing.seen.len() >= NAMES => false,
            None => listing.seen.insert(name, definition).is_none(),
        }
    }

    /// Notes the cursor that a page gave.
    pub(super) fn lead(&mut self, owner: u64, cursor: u64, at: Moment) {
        let cursors = &mut self.of(owner, at).cursors;
        cursors.retain(|known| *known != cursor);
        if cursors.len() >= CURSORS {
            cursors.pop_front();
        }
        cursors.push_back(cursor);
    }

    /// Whether a page gave this cursor to this owner, and it is remembered.
    pub(super) fn leads(&self, owner: u64, cursor: u64) -> bool {
        let listing = self.0.get(&owner);
        listing.is_some_and(|listing| listing.cursors.contains(&cursor))
    }

    fn of(&mut self, owner: u64, at: Moment) -> &mut Listing {
        if self.0.len() >= LISTINGS && !self.0.contains_key(&owner) {
            let oldest = self.0.iter().min_by_key(|(_, listing)| listing.at);
            if let Some(oldest) = oldest.map(|(owner, _)| *owner) {
                self.0.remove(&oldest);
            }
        }
        self.0.entry(owner).or_insert_with(|| Listing {
            at,
            seen: HashMap::new(),
            cursors: VecDeque::new(),
        })
    }
}
