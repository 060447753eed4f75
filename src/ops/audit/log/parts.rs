//! The values the log works with: where it is, what it is given, what waits, and what failed.

use super::Mark;
use crate::ops::audit::encode;
use crate::ops::audit::tree::{Frontier, Hash};

/// When a segment is closed.
#[derive(Clone, Copy, Debug)]
pub(in crate::ops::audit) struct Bounds {
    pub(in crate::ops::audit) bytes: u64,
    pub(in crate::ops::audit) age_micros: u64,
}

/// Where a log goes on.
pub(in crate::ops::audit) struct Position {
    pub(in crate::ops::audit) tree: Frontier,
    pub(in crate::ops::audit) last: Hash,
    pub(in crate::ops::audit) number: u32,
    pub(in crate::ops::audit) opened: u64,
    pub(in crate::ops::audit) bytes: u64,
    /// What the newest checkpoint covers of the open segment.
    pub(in crate::ops::audit) durable: Mark,
}

/// A record without its place.
pub(in crate::ops::audit) struct Body {
    pub(in crate::ops::audit) bytes: Vec<u8>,
    /// An intent may be refused; everything else was promised and is kept.
    pub(in crate::ops::audit) is_intent: bool,
}

/// The log cannot be written since some moment.
#[derive(Clone, Debug)]
pub(in crate::ops::audit) struct Failing {
    pub(in crate::ops::audit) reason: String,
    pub(super) since: u64,
    pub(super) denied: u64,
    /// Whether intents are refused, and not only kept in memory.
    pub(in crate::ops::audit) denies: bool,
}

/// Records with a place: their lines, and the leaves that the tree gets when they are written.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) lines: Vec<u8>,
    pub(super) leaves: Vec<Hash>,
}

/// What a record gets with its place, in bytes: index, predecessor and newline.
const PLACE: usize = 96;

impl Draft {
    /// An empty draft with room for these records, so that none is copied while it grows.
    pub(super) fn with_room(bodies: &[Body]) -> Self {
        let bytes: usize = bodies.iter().map(|body| body.bytes.len() + PLACE).sum();
        Self {
            lines: Vec::with_capacity(bytes),
            leaves: Vec::with_capacity(bodies.len()),
        }
    }
}

pub(super) fn spool_record(failing: &Failing, records: u64, bytes: u64, now: u64) -> Vec<u8> {
    let mut line = encode::open("spool", now);
    line.moment("since", failing.since);
    line.text("reason", &failing.reason);
    line.number("kept_records", records);
    line.number("kept_bytes", bytes);
    line.number("denied", failing.denied);
    line.into_bytes()
}
