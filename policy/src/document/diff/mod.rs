//! What changes from one policy to another, in plain words, and which way each change goes.

mod server;

use std::collections::BTreeSet;

use super::limits::Limits;
use super::{OnInvalid, PolicySet};
use crate::direction::Direction;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which way it goes.
    pub direction: Direction,
    /// What changes, such as ``main: tool `read` ``.
    pub place: String,
    /// How, in plain words.
    pub what: String,
}

/// Every change from `old` to `new`; nothing if what crosses, and how it is recorded, stays the same.
#[must_use]
pub fn diff(old: &PolicySet, new: &PolicySet) -> Vec<Change> {
    let mut changes = Changes::default();
    changes.file(old, new);
    let channels: BTreeSet<_> = old.servers.keys().chain(new.servers.keys()).collect();
    for channel in channels {
        changes.place = channel.to_string();
        match (old.server(channel), new.server(channel)) {
            (Some(old), Some(new)) => changes.server(old, new),
            (Some(_), None) => {
                changes.add(Direction::Tighter, "", "the server is no longer listed")
            }
            (None, Some(_)) => changes.add(Direction::Looser, "", "the server is listed now"),
            (None, None) => {}
        }
    }
    changes.found
}

/// The way of all changes together: looser if one is.
#[must_use]
pub fn direction(changes: &[Change]) -> Direction {
    Direction::all(changes.iter().map(|change| change.direction))
}

#[derive(Default)]
struct Changes {
    place: String,
    found: Vec<Change>,
}

impl Changes {
    fn add(&mut self, direction: Direction, part: &str, what: &str) {
        let place = match (self.place.as_str(), part) {
            ("", part) => part.to_owned(),
            (place, "") => place.to_owned(),
            (place, part) => format!("{place}: {part}"),
        };
        let what = what.to_owned();
        self.found.push(Change {
            direction,
            place,
            what,
        });
    }

    /// A rule that changed, unless it did not.
    fn rule(&mut self, direction: Direction, part: &str) {
        match direction {
            Direction::Neutral => {}
            Direction::Tighter => self.add(direction, part, "allows less"),
            Direction::Looser => self.add(direction, part, "is not proven to allow less"),
        }
    }

    fn file(&mut self, old: &PolicySet, new: &PolicySet) {
        if old.name != new.name {
            self.add(Direction::Neutral, "name", "changes");
        }
        let ends = Direction::of(
            old.not_after.as_ref(),
            new.not_after.as_ref(),
            |new, old| new <= old,
        );
        self.rule(ends, "not_after");
        self.limits(&old.limits, &new.limits);
        match (old.on_invalid, new.on_invalid) {
            (OnInvalid::Keep, OnInvalid::Quarantine) => {
                self.rule(Direction::Tighter, "reload.on_invalid")
            }
            (OnInvalid::Quarantine, OnInvalid::Keep) => {
                self.rule(Direction::Looser, "reload.on_invalid")
            }
            (OnInvalid::Keep, OnInvalid::Keep) | (OnInvalid::Quarantine, OnInvalid::Quarantine) => {
            }
        }
        if old.audit != new.audit {
            self.add(
                Direction::Looser,
                "audit",
                "what is recorded, or when, changes",
            );
        }
    }

    fn limits(&mut self, old: &Limits, new: &Limits) {
        for ((key, old), (_, new)) in old.by_key().into_iter().zip(new.by_key()) {
            self.rule(
                Direction::of(Some(&old), Some(&new), |new, old| new <= old),
                &format!("limit `{key}`"),
            );
        }
    }
}
