//! The log itself: gives each record its place in the chain and the tree, and writes it. One holder at a time.
//!
//! Promises: what was written is never changed; a record that could not be written is either kept and written later, in order, or its caller is
//! told. A checkpoint is signed over written records only.

use std::io;

use super::key::Signer;
use super::line::{as_u64, decimal, hex};
use super::place::{Place, Segment};
use super::settings::OnWriteFailure;
use super::standing::Standing;
use super::tree::{Frontier, Hash, leaf};
use durable::Head;
pub(super) use durable::Mark;
use parts::{Draft, spool_record};

mod durable;
mod parts;
mod segments;

pub(super) use parts::{Body, Bounds, Failing, Position};

/// The one writer.
pub(super) struct Log {
    segment: Segment,
    bounds: Bounds,
    origin: String,
    signer: Signer,
    number: u32,
    opened: u64,
    tree: Frontier,
    last: Hash,
    signed: u64,
    failing: Option<Failing>,
    /// Intents refused since the start.
    denied: u64,
    /// Records with a place that are not in the file yet.
    kept: Draft,
    durable: Mark,
    /// A sync failed, and what it should have made durable was not written again.
    is_in_doubt: bool,
}

impl Log {
    pub(super) fn new(
        place: Box<dyn Place>,
        position: Position,
        bounds: Bounds,
        origin: &str,
        signer: Signer,
    ) -> Self {
        Self {
            segment: Segment::open(place, position.bytes),
            bounds,
            origin: origin.to_owned(),
            signer,
            number: position.number,
            opened: position.opened,
            tree: position.tree,
            last: position.last,
            signed: 0,
            failing: None,
            denied: 0,
            kept: Draft::default(),
            durable: position.durable,
            is_in_doubt: false,
        }
    }

    /// Why the log cannot be written, if it cannot.
    pub(super) const fn failing(&self) -> Option<&Failing> {
        self.failing.as_ref()
    }

    /// How far the log is.
    pub(super) fn standing(&self) -> Standing {
        Standing {
            records: self.tree.size(),
            signed: self.signed,
            spooled: as_u64(self.kept.leaves.len()),
            denied: self.denied,
            segment: self.number.into(),
        }
    }

    /// Appends records. The answer has for each the index it got, or `None` for an intent that is refused.
    pub(super) fn append(
        &mut self,
        bodies: &[Body],
        on_failure: OnWriteFailure,
        now: u64,
    ) -> Vec<Option<u64>> {
        if self.failing.is_some() && !self.recover(now) {
            return self.keep(bodies, on_failure);
        }
        match self.write(bodies, now) {
            Ok(indexes) => indexes,
            Err(error) => {
                self.failing = Some(Failing {
                    reason: error.to_string(),
                    since: now,
                    denied: 0,
                    denies: on_failure == OnWriteFailure::Deny,
                });
                self.keep(bodies, on_failure)
            }
        }
    }

    fn write(&mut self, bodies: &[Body], now: u64) -> io::Result<Vec<Option<u64>>> {
        self.rotate_if_due(now)?;
        let mut draft = Draft::with_room(bodies);
        let place = |body: &Body| Some(self.place(&mut draft, &body.bytes));
        let indexes = bodies.iter().map(place).collect();
        self.segment.append(&draft.lines)?;
        self.commit(&draft);
        Ok(indexes)
    }

    /// Gives a record of a draft its index and the hash of the record before it.
    fn place(&self, draft: &mut Draft, body: &[u8]) -> u64 {
        let before = draft.leaves.last().unwrap_or(&self.last);
        let index = self.tree.size() + as_u64(draft.leaves.len());
        let start = draft.lines.len();
        draft.lines.extend_from_slice(b"{\"index\":");
        decimal(&mut draft.lines, index);
        draft.lines.extend_from_slice(b",\"previous\":\"");
        hex(&mut draft.lines, before.get(..16).unwrap_or_default());
        draft.lines.push(b'"');
        draft.lines.extend_from_slice(body);
        draft.lines.push(b'}');
        draft
            .leaves
            .push(leaf(draft.lines.get(start..).unwrap_or_default()));
        draft.lines.push(b'\n');
        index
    }

    fn commit(&mut self, draft: &Draft) {
        draft.leaves.iter().for_each(|leaf| self.tree.push(*leaf));
        self.last = draft.leaves.last().copied().unwrap_or(self.last);
    }

    /// Keeps what was promised, and intents as far as they may wait.
    fn keep(&mut self, bodies: &[Body], on_failure: OnWriteFailure) -> Vec<Option<u64>> {
        let room = match on_failure {
            OnWriteFailure::Deny => 0,
            OnWriteFailure::Spool(bytes) => bytes,
        };
        bodies
            .iter()
            .map(|body| {
                let fits = self.kept.lines.len() + body.bytes.len() <= room;
                if body.is_intent && !fits {
                    self.deny();
                    return None;
                }
                let mut kept = std::mem::take(&mut self.kept);
                let index = self.place(&mut kept, &body.bytes);
                self.kept = kept;
                Some(index)
            })
            .collect()
    }

    /// Counts an intent that is refused.
    pub(super) fn deny(&mut self) {
        self.denied += 1;
        if let Some(failing) = &mut self.failing {
            failing.denied += 1;
            failing.denies = true;
        }
    }

    /// Tries to write what is kept, and the record of the failure; `true` when the log can be written again.
    pub(super) fn recover(&mut self, now: u64) -> bool {
        let Some(failing) = self.failing.clone() else {
            return true;
        };
        if self.is_in_doubt && self.settle().is_err() {
            return false;
        }
        let mut draft = std::mem::take(&mut self.kept);
        let (lines, leaves) = (draft.lines.len(), draft.leaves.len());
        let record = spool_record(&failing, as_u64(leaves), as_u64(lines), now);
        self.place(&mut draft, &record);
        let written = self.segment.append(&draft.lines).is_ok();
        if written {
            self.commit(&draft);
            self.failing = None;
        } else {
            draft.lines.truncate(lines);
            draft.leaves.truncate(leaves);
            self.kept = draft;
        }
        written
    }

    /// Whether there are written records that no checkpoint covers.
    pub(super) fn is_unsigned(&self) -> bool {
        self.signed < self.tree.size()
    }

    /// Signs a head whose records are durable.
    pub(super) fn sign(&mut self, head: &Head) -> io::Result<()> {
        self.reach(head)?;
        let note = self.signer.sign(&head.checkpoint);
        self.segment.place().checkpoint(&note)?;
        self.signed = self.signed.max(head.checkpoint.size);
        Ok(())
    }

    /// Signs the head now; the records must have been synced.
    pub(super) fn checkpoint(&mut self) -> io::Result<()> {
        let (head, _) = self.head()?;
        self.sign(&head)
    }
}
