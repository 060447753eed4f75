//! Why a text was refused: a closed list with stable reason codes. A fault never carries the text itself.

use thiserror::Error;

/// The first fault found in a text, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{fault} (byte {offset})")]
pub struct GateError {
    /// What is wrong.
    pub fault: Fault,
    /// Byte offset in the text at which it was noticed.
    pub offset: usize,
}

/// What the gate refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum Fault {
    /// More bytes than the cap.
    #[error("text is larger than its limit; send less, or raise the limit")]
    TooLarge,
    /// A byte order mark in front (A7).
    #[error("text starts with a byte order mark; send UTF-8 without one")]
    ByteOrderMark,
    /// Bytes that are not UTF-8 (A5).
    #[error("text is not valid UTF-8; encode it as UTF-8")]
    Utf8,
    /// The text is not one object: a batch, a positional array, a bare value, or nothing (A10, A11).
    #[error("text is not one JSON object; send exactly one object")]
    NotObject,
    /// The member to take elements from is not an array.
    #[error("member is not an array; send an array or leave it out")]
    NotArray,
    /// Something follows the object (A8).
    #[error("text continues after its object; send one object alone")]
    Trailing,
    /// The text ends inside a value.
    #[error("text ends too early; send the whole object")]
    Truncated,
    /// Not JSON as RFC 8259 writes it (A9).
    #[error("text is not JSON here; follow RFC 8259")]
    Syntax,
    /// A raw control character inside a string.
    #[error("string holds a raw control character; escape it")]
    ControlCharacter,
    /// An unknown or unfinished escape.
    #[error("string holds an unknown escape; use those of RFC 8259")]
    Escape,
    /// Half of a surrogate pair (A6).
    #[error("string holds half of a surrogate pair; write both halves")]
    Surrogate,
    /// A number without a finite binary64 value.
    #[error("number is too large for a 64-bit float; send it as a string")]
    NumberRange,
    /// A number written with more bytes than the cap (A19).
    #[error("number has too many digits; send it as a string")]
    NumberTooLong,
    /// A string longer than the cap.
    #[error("string is longer than its limit; send less, or raise the limit")]
    StringTooLong,
    /// A member name longer than the cap.
    #[error("member name is longer than its limit; shorten it")]
    KeyTooLong,
    /// U+0000 in a member name (A4).
    #[error("member name holds U+0000; leave it out")]
    NulInKey,
    /// A member name twice in one object, however it is spelled (A1, A2).
    #[error("member name is repeated in its object; send it once")]
    DuplicateKey,
    /// A member name that only case keeps from being a reserved one (A3).
    #[error("member name differs from a reserved one by letter case only; spell it exactly")]
    ReservedFold,
    /// More containers open at once than the cap (A16).
    #[error("text is nested too deeply; flatten it")]
    Depth,
    /// More values than the cap (A17).
    #[error("text holds too many values; send less, or raise the limit")]
    Nodes,
    /// More members in one object than the cap.
    #[error("object has too many members; send less, or raise the limit")]
    Members,
    /// More elements than the caller takes.
    #[error("array has too many elements; send less")]
    Elements,
}

impl Fault {
    /// The stable reason code for logs and audit records.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::TooLarge => "gate.too_large",
            Self::ByteOrderMark => "gate.byte_order_mark",
            Self::Utf8 => "gate.utf8",
            Self::NotObject => "gate.not_object",
            Self::NotArray => "gate.not_array",
            Self::Trailing => "gate.trailing",
            Self::Truncated => "gate.truncated",
            Self::Syntax => "gate.syntax",
            Self::ControlCharacter => "gate.control_character",
            Self::Escape => "gate.escape",
            Self::Surrogate => "gate.surrogate",
            Self::NumberRange => "gate.number_range",
            Self::NumberTooLong => "gate.number_too_long",
            Self::StringTooLong => "gate.string_too_long",
            Self::KeyTooLong => "gate.key_too_long",
            Self::NulInKey => "gate.nul_in_key",
            Self::DuplicateKey => "gate.duplicate_key",
            Self::ReservedFold => "gate.reserved_fold",
            Self::Depth => "gate.depth",
            Self::Nodes => "gate.nodes",
            Self::Members => "gate.members",
            Self::Elements => "gate.elements",
        }
    }

    /// This fault at `offset`.
    pub(super) const fn at(self, offset: usize) -> GateError {
        GateError {
            fault: self,
            offset,
        }
    }
}
