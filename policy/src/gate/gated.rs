//! One MCP message that passed, and the door by which it passes.

use std::fmt;

use bytes::Bytes;

use super::levels::{Level, Slot};
use super::watch::{Keep, Plan, Watch};
use super::{Caps, Fault, GateError, Node, Span, scan};

/// One MCP message that passed the gate. It owns the bytes that were judged; only [`message`] makes one.
pub struct Gated {
    text: Bytes,
    root: Span,
    members: Box<Found>,
}

/// Judges one MCP message (A1 to A22): exactly one object, and nothing that two readers read differently.
///
/// # Errors
///
/// The first fault found. Which members a message needs, and of what kind, is not looked at.
pub fn message(text: Bytes, caps: &Caps) -> Result<Gated, GateError> {
    caps.admit(&text)?;
    unicode(&text, 0)?;
    let mut members = Box::new(Found {
        slots: [None; Slot::COUNT],
        has_unknown: false,
    });
    let root = scan::run(&text, caps, members.as_mut())?;
    Ok(Gated {
        text,
        root,
        members,
    })
}

impl Gated {
    /// The message, byte for byte as it came, white space around it included.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.text
    }

    /// The message's object.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node::new(&self.text, self.root)
    }

    /// The value at `slot`, if it is there. A `null` is there.
    #[must_use]
    pub fn node(&self, slot: Slot) -> Option<Node<'_>> {
        Some(Node::new(&self.text, self.span(slot)?))
    }

    /// Where the value at `slot` is in [`Gated::bytes`].
    #[must_use]
    pub fn span(&self, slot: Slot) -> Option<Span> {
        self.members.slots.get(slot as usize).copied().flatten()
    }

    /// Whether the envelope has a member that JSON-RPC does not name (A20).
    #[must_use]
    pub fn has_unknown_member(&self) -> bool {
        self.members.has_unknown
    }

    /// The bytes that were judged.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.text
    }
}

/// Shows the size only: a message may hold secrets.
impl fmt::Debug for Gated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.text.len();
        f.debug_struct("Gated")
            .field("bytes", &bytes)
            .finish_non_exhaustive()
    }
}

struct Found {
    slots: [Option<Span>; Slot::COUNT],
    has_unknown: bool,
}

impl Watch for Found {
    fn member(&mut self, level: Level, key: &[u8]) -> Result<Plan, Fault> {
        let Some(slot) = level.slot(key)? else {
            self.has_unknown |= level == Level::Envelope;
            return Ok(Plan::FREE);
        };
        Ok(Plan {
            keep: Keep::Slot(slot),
            level: slot.opens(),
        })
    }

    fn found(&mut self, keep: Keep, span: Span) {
        if let Keep::Slot(slot) = keep
            && let Some(place) = self.slots.get_mut(slot as usize)
        {
            *place = Some(span);
        }
    }
}

/// Refuses bytes that are not UTF-8 (A5). `offset` is where `text` begins in the whole.
pub(super) fn unicode(text: &[u8], offset: usize) -> Result<(), GateError> {
    if simdutf8::basic::from_utf8(text).is_ok() {
        return Ok(());
    }
    let valid = std::str::from_utf8(text)
        .err()
        .map_or(0, |error| error.valid_up_to());
    Err(Fault::Utf8.at(offset + valid))
}
