//! The limits of one gated text. They bound the work and the memory of a pass; what a policy allows beyond
//! that is decided elsewhere.

use super::{Fault, GateError};

const MIB: usize = 1024 * 1024;

/// Limits on one JSON text, applied before and during the pass.
///
/// INVARIANT: 9, each limit is checked before the thing it limits is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Bytes of the whole text. Spans are 32 bits wide, so no value above 4 GiB - 1 has an effect.
    pub bytes: usize,
    /// Objects and arrays open at once, the outermost included (A16).
    pub depth: usize,
    /// Values in the whole text, containers included, member names not (A17). Bounds arrays too.
    pub nodes: usize,
    /// Members of one object (A18).
    pub members: usize,
    /// Bytes of one member name as written between its quotes.
    pub key_bytes: usize,
    /// Bytes of one string value as written between its quotes.
    pub string_bytes: usize,
    /// Bytes of one number as written (A19).
    pub number_bytes: usize,
}

impl Caps {
    /// A message on its way to a private server.
    pub const REQUEST: Self = Self {
        bytes: MIB,
        depth: 64,
        nodes: 200_000,
        members: 10_000,
        key_bytes: 1024,
        string_bytes: MIB,
        number_bytes: 128,
    };

    /// A message on its way back.
    pub const ANSWER: Self = Self {
        bytes: 8 * MIB,
        string_bytes: 8 * MIB,
        ..Self::REQUEST
    };

    /// Refuses a text that is longer than `bytes`, or too long for 32-bit spans, before it is read.
    pub(super) fn admit(&self, text: &[u8]) -> Result<(), GateError> {
        if text.len() > self.bytes {
            return Err(Fault::TooLarge.at(self.bytes));
        }
        addressable(text)
    }
}

/// Refuses a text whose offsets do not fit a [`super::Span`].
pub(super) fn addressable(text: &[u8]) -> Result<(), GateError> {
    match u32::try_from(text.len()) {
        Ok(_) => Ok(()),
        Err(_) => Err(Fault::TooLarge.at(text.len())),
    }
}
