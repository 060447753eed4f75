//! What happened where a record does not follow the one before it.

use super::{Bad, Head, Located, What, bad};
use crate::ops::audit::read::{self, short};
use crate::ops::audit::tree::{Hash, leaf};

/// The place of the first record that does not follow, and its neighbours.
pub(super) struct Scene<'a> {
    /// The index that should stand here.
    pub(super) expected: u64,
    pub(super) line: &'a Located,
    pub(super) head: Option<Head>,
    pub(super) last: Option<&'a Located>,
    pub(super) last_leaf: Hash,
    /// A checkpoint ends with the record before.
    pub(super) last_is_proven: bool,
    pub(super) next: Option<&'a Located>,
    pub(super) next_head: Option<Head>,
}

impl Scene<'_> {
    /// Names the first bad record. `rest` are the lines after this one.
    pub(super) fn diagnose(&self, rest: impl Iterator<Item = Located>) -> Bad {
        let next = self.next_head.as_ref().map(|next| next.index);
        match self.head.as_ref().map(|head| head.index) {
            None if next == Some(self.expected) => self.here(What::Inserted, "it is no record"),
            None => self.here(What::Altered, "it is no record"),
            Some(index) if index == self.expected => self.broken_link(next),
            Some(_) if next == Some(self.expected + 1) || self.claims_predecessor() => {
                self.here(What::Altered, "it names another index than its place")
            }
            Some(index) if index < self.expected => self.twin(index),
            Some(index) => self.gap(index, rest),
        }
    }

    /// The index is right and the link is not: this record was changed, or the one before it.
    fn broken_link(&self, next: Option<u64>) -> Bad {
        if next == Some(self.expected) {
            return self.here(
                What::Inserted,
                "two records have its index, and it does not follow the one before",
            );
        }
        let follower = self.next_head.as_ref();
        let is_confirmed =
            follower.is_none_or(|next| next.previous == short(&leaf(&self.line.record)));
        match self.last {
            Some(last) if is_confirmed && !self.last_is_proven => {
                let index = self.expected.saturating_sub(1);
                bad(
                    What::Altered,
                    index,
                    last,
                    "the record after it names another hash",
                )
            }
            Some(_) | None => self.here(What::Altered, "it does not follow the record before it"),
        }
    }

    /// An index that was there before: one of the two was inserted.
    fn twin(&self, index: u64) -> Bad {
        let follows_this = self.next.is_some_and(|_| {
            let next = self.next_head.as_ref().map(|next| next.previous.as_str());
            next == Some(short(&leaf(&self.line.record)).as_str())
        });
        match self.last {
            Some(last) if index + 1 == self.expected && follows_this => bad(
                What::Inserted,
                index,
                last,
                "two records have its index, and nothing follows it",
            ),
            Some(_) | None => bad(
                What::Inserted,
                index,
                self.line,
                "a record with its index was there before",
            ),
        }
    }

    fn gap(&self, index: u64, rest: impl Iterator<Item = Located>) -> Bad {
        let (mut is_later, mut comes_again) = (false, false);
        for line in rest {
            let head = read::parse::<Head>(&line.record).map(|head| head.index);
            is_later |= head == Some(self.expected);
            comes_again |= head == Some(index);
        }
        let detail = format!("record {index} stands in its place");
        match (is_later, comes_again) {
            (false, _) => self.here(What::Deleted, &detail),
            (true, true) => bad(
                What::Inserted,
                index,
                self.line,
                "a record with its index comes later",
            ),
            (true, false) => self.here(What::Reordered, &detail),
        }
    }

    /// Whether the record says that it follows the one before it, whatever index it claims.
    fn claims_predecessor(&self) -> bool {
        let previous = self.head.as_ref().map(|head| head.previous.as_str());
        previous == Some(short(&self.last_leaf).as_str())
    }

    fn here(&self, what: What, detail: &str) -> Bad {
        bad(what, self.expected, self.line, detail)
    }
}
