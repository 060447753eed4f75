//! What the pinned tools of each session were last listed as, and what of it was told.
//!
//! Only a complete listing is evidence: all pages, under the session and the credentials of the caller it is held against. It is evidence
//! until the server says that its tools changed, until a new session opens, and at most so long; of a server without sessions much shorter,
//! and only until it could not be reached once, because nothing else tells when another program answers.

use std::collections::HashMap;
use std::sync::Arc;

use super::whose::Whose;
use crate::decide::Definition;
use crate::mirror::Mirror;
use crate::moment::Moment;
use crate::pin::Pin;

/// The most listings remembered. The oldest gives way: its pinned tools are listed again before they are called.
const LISTINGS: usize = 4096;
/// How long a listing of a session is evidence, in milliseconds.
const OF_A_SESSION: u64 = 10 * 60 * 1000;
/// How long one of a server without sessions is, in milliseconds.
const WITHOUT_SESSION: u64 = 60 * 1000;

/// What a listing shows of the tools that are looked for: `None` for a tool that is not on it, or stands on it twice.
pub(crate) type Sights = HashMap<String, Option<Sight>>;

/// What a tool is listed as.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    pub(crate) pin: Pin,
    /// The arguments it wants repeated in headers.
    pub(crate) mirrors: Arc<[Mirror]>,
}

/// Listings by whose they are.
#[derive(Default)]
pub(super) struct Definitions {
    listings: HashMap<u64, Listing>,
    /// How often something was forgotten of a session: a listing under way meanwhile is no evidence.
    epochs: HashMap<u64, u64>,
    /// That number for every session that is not named there.
    floor: u64,
}

struct Listing {
    at: Moment,
    whose: Whose,
    tools: Sights,
}

impl Definitions {
    pub(super) fn epoch(&self, place: u64) -> u64 {
        self.epochs.get(&place).copied().unwrap_or(self.floor)
    }

    /// Takes the place of what was noted before; whether it is evidence.
    pub(super) fn note(&mut self, whose: &Whose, tools: Sights, epoch: u64, at: Moment) -> bool {
        if self.epoch(whose.place) != epoch {
            return false;
        }
        if self.listings.len() >= LISTINGS && !self.listings.contains_key(&whose.key) {
            let oldest = self.listings.iter().min_by_key(|(_, listing)| listing.at);
            if let Some(oldest) = oldest.map(|(key, _)| *key) {
                self.listings.remove(&oldest);
            }
        }
        let listing = Listing {
            at,
            whose: whose.clone(),
            tools,
        };
        self.listings.insert(whose.key, listing);
        true
    }

    pub(super) fn of(&self, whose: &Whose, tool: &str, now: Moment) -> Definition {
        match self.sight(whose, tool, now) {
            Some(Some(sight)) => Definition::Seen(sight.pin),
            Some(None) | None => Definition::Unseen,
        }
    }

    /// Whether a listing says what becomes of this tool: that it is there, or that it is not.
    pub(super) fn knows(&self, whose: &Whose, tool: &str, now: Moment) -> bool {
        self.sight(whose, tool, now).is_some()
    }

    /// The arguments that a tool wants repeated in headers, if it is known.
    pub(super) fn mirrors(&self, whose: &Whose, tool: &str, now: Moment) -> Option<Arc<[Mirror]>> {
        let sight = self.sight(whose, tool, now)?.as_ref()?;
        Some(Arc::clone(&sight.mirrors))
    }

    fn sight(&self, whose: &Whose, tool: &str, now: Moment) -> Option<&Option<Sight>> {
        let listing = self.listings.get(&whose.key)?;
        let lasts = if whose.has_session {
            OF_A_SESSION
        } else {
            WITHOUT_SESSION
        };
        let age = now.since(listing.at).max(listing.at.since(now));
        let fresh = age < lasts;
        listing.tools.get(tool).filter(|_| fresh)
    }

    /// What was listed in a session is no evidence any more, whoever it was listed for.
    pub(super) fn forget(&mut self, place: u64) {
        if self.epochs.len() >= LISTINGS {
            self.floor = self.epochs.values().copied().fold(self.floor, u64::max) + 1;
            self.epochs.clear();
        }
        let next = self.epoch(place) + 1;
        self.epochs.insert(place, next);
        self.listings
            .retain(|_, listing| listing.whose.place != place);
    }

    /// A caller opens a session: what was listed to it without one, it was listed before.
    pub(super) fn forget_caller(&mut self, caller: &Whose) {
        self.listings
            .retain(|_, listing| listing.whose.caller != caller.caller);
    }
}
