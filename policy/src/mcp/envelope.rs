//! The JSON-RPC envelope of one gated message.
//!
//! A message is a request, a notification or an answer, by which members are present and never by their values (A13, A14); anything in
//! between is a fault. Members that JSON-RPC does not name are refused (A20): official servers disagree about them.

use std::borrow::Cow;

use crate::gate::{Gated, Kind, Node, Slot, Span, canonical_id};

/// What a message is.
#[derive(Debug)]
pub enum Envelope<'a> {
    /// A method with an id.
    Request {
        /// The id as it was written, and where.
        id: Id<'a>,
        /// The method's name, unescaped.
        method: Cow<'a, str>,
    },
    /// A method without an id.
    Notification {
        /// The method's name, unescaped.
        method: Cow<'a, str>,
    },
    /// A `result` or an `error`.
    Answer {
        /// The id, or `None` when it is `null`, which only an error may have.
        id: Option<Id<'a>>,
        /// Result or error.
        outcome: Outcome,
    },
}

/// An id that fits the canonical grammar (A12).
#[derive(Clone, Copy, Debug)]
pub struct Id<'a> {
    /// Its bytes.
    pub raw: &'a [u8],
    /// Where they stand.
    pub span: Span,
}

/// Which of the two an answer carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A `result`.
    Result,
    /// An `error` with an integer `code` and a `message`.
    Error,
}

/// Why a gated object is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvelopeFault {
    /// `jsonrpc` is not exactly `"2.0"` (A22).
    Version,
    /// A member JSON-RPC does not name (A20).
    UnknownMember,
    /// The id is missing, or not a canonical integer or string (A12).
    Id,
    /// `method` is not a non-empty string (A14).
    Method,
    /// `params` is not an object (A15).
    Params,
    /// Both or neither of what makes one shape (A13).
    Shape,
    /// `error` is not `{code: integer, message: string}`, or `result` is no object.
    Outcome,
}

impl EnvelopeFault {
    /// The stable reason code.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Version => "envelope.version",
            Self::UnknownMember => "envelope.unknown_member",
            Self::Id => "envelope.id",
            Self::Method => "envelope.method",
            Self::Params => "envelope.params",
            Self::Shape => "envelope.shape",
            Self::Outcome => "envelope.outcome",
        }
    }
}

/// Reads the envelope.
///
/// # Errors
/// [`EnvelopeFault`] for the first rule the message breaks.
pub fn read(message: &Gated) -> Result<Envelope<'_>, EnvelopeFault> {
    if message
        .node(Slot::Jsonrpc)
        .and_then(|node| node.text())
        .as_deref()
        != Some("2.0")
    {
        return Err(EnvelopeFault::Version);
    }
    if message.has_unknown_member() {
        return Err(EnvelopeFault::UnknownMember);
    }
    match message.node(Slot::Method) {
        Some(method) => read_ask(message, method),
        None => read_answer(message),
    }
}

fn read_ask<'a>(message: &'a Gated, method: Node<'a>) -> Result<Envelope<'a>, EnvelopeFault> {
    if message.node(Slot::Result).is_some() || message.node(Slot::Error).is_some() {
        return Err(EnvelopeFault::Shape);
    }
    let method = method
        .text()
        .filter(|name| !name.is_empty())
        .ok_or(EnvelopeFault::Method)?;
    if message
        .node(Slot::Params)
        .is_some_and(|params| params.kind() != Kind::Object)
    {
        return Err(EnvelopeFault::Params);
    }
    match message.node(Slot::Id) {
        Some(node) => Ok(Envelope::Request {
            id: canonical(node)?,
            method,
        }),
        None => Ok(Envelope::Notification { method }),
    }
}

fn read_answer(message: &Gated) -> Result<Envelope<'_>, EnvelopeFault> {
    let outcome = match (message.node(Slot::Result), message.node(Slot::Error)) {
        (Some(result), None) if result.kind() == Kind::Object => Outcome::Result,
        (None, Some(_)) if is_error_object(message) => Outcome::Error,
        (Some(_), None) | (None, Some(_)) => return Err(EnvelopeFault::Outcome),
        (Some(_), Some(_)) | (None, None) => return Err(EnvelopeFault::Shape),
    };
    if message.node(Slot::Params).is_some() {
        return Err(EnvelopeFault::Shape);
    }
    let node = message.node(Slot::Id).ok_or(EnvelopeFault::Id)?;
    let id = match (node.kind(), outcome) {
        (Kind::Null, Outcome::Error) => None,
        _ => Some(canonical(node)?),
    };
    Ok(Envelope::Answer { id, outcome })
}

fn is_error_object(message: &Gated) -> bool {
    message
        .node(Slot::ErrorCode)
        .and_then(|node| node.integer())
        .is_some()
        && message
            .node(Slot::ErrorMessage)
            .is_some_and(|m| m.kind() == Kind::String)
}

fn canonical(node: Node<'_>) -> Result<Id<'_>, EnvelopeFault> {
    if canonical_id(node.raw()) {
        Ok(Id {
            raw: node.raw(),
            span: node.span(),
        })
    } else {
        Err(EnvelopeFault::Id)
    }
}
