//! What the tools of each session were last listed as.

use std::collections::HashMap;

use crate::decide::Definition;
use crate::moment::Moment;
use crate::pin::Pin;

/// The most sessions remembered. The one whose listing is oldest gives way: its pinned tools are not called until it lists again.
const SESSIONS: usize = 4096;

/// Listings by session.
#[derive(Default)]
pub(super) struct Definitions(HashMap<u64, Listing>);

struct Listing {
    at: Moment,
    /// `None` for a name that stood twice.
    tools: HashMap<String, Option<Pin>>,
}

impl Definitions {
    pub(super) fn note(&mut self, session: u64, listed: &[(String, Pin)], at: Moment) {
        if self.0.len() >= SESSIONS && !self.0.contains_key(&session) {
            let oldest = self.0.iter().min_by_key(|(_, listing)| listing.at);
            if let Some(oldest) = oldest.map(|(session, _)| *session) {
                self.0.remove(&oldest);
            }
        }
        let mut tools = HashMap::new();
        for (name, pin) in listed {
            let earlier = tools.insert(name.clone(), Some(*pin));
            if earlier.is_some() {
                tools.insert(name.clone(), None);
            }
        }
        self.0.insert(session, Listing { at, tools });
    }

    pub(super) fn of(&self, session: u64, tool: &str) -> Definition {
        let seen = self
            .0
            .get(&session)
            .and_then(|listing| listing.tools.get(tool));
        match seen {
            Some(Some(pin)) => Definition::Seen(*pin),
            Some(None) | None => Definition::Unseen,
        }
    }
}
