//! The body of a poll answer, taken apart into commands.
//!
//! Promises: the elements are found first and each is gated alone, so what is wrong with one spoils no
//! neighbour (E1); members count only in their exact spelling, unknown ones are ignored; and a payload is
//! a copy of its own bytes, so that one small command in flight does not keep a large body in memory. Judging the payload is the policy's part, answering an unusable element
//! the relay's, and capping the body as a whole the part of whoever reads it.

use bytes::Bytes;
use portcullis_policy::Channel;
use portcullis_policy::gate::{self, Caps, GateError};

use super::address::{ReplyAddress, RequestId, Token};
use super::command::{Command, Polled, Unusable, UnusableReason};
use super::frame::{self, Frame};

/// The most elements of one body (E8). The service is asked for 25 at most; what it sends beyond that is
/// still carried out.
pub const MAX_ELEMENTS: usize = 10_000;

/// What an element may have beyond the largest payload, for headers, token and names; in bytes.
pub const FRAME_BYTES: usize = 1024 * 1024;

/// The body as a whole cannot be read, and no element of it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("poll body cannot be read: {0}")]
pub struct EnvelopeError(#[from] pub GateError);

/// Finds and decodes the elements of `commands`, in order.
///
/// `payload` caps a payload; the element around it may have [`FRAME_BYTES`] more.
///
/// # Errors
/// The body is not exactly one JSON object, names `commands` twice or gives it no array, or the array has
/// more than [`MAX_ELEMENTS`] elements.
// INVARIANT: 9. Number, size and depth of the elements are capped before anything is stored for them.
pub fn decode(body: &Bytes, payload: &Caps) -> Result<Vec<Polled>, EnvelopeError> {
    let bytes = payload.bytes.saturating_add(FRAME_BYTES);
    let caps = Caps { bytes, ..*payload };
    let spans = gate::elements(body, "commands", MAX_ELEMENTS)?;
    let elements = spans
        .into_iter()
        .map(|span| body.get(span.range()).unwrap_or_default());
    Ok(elements.map(|text| element(text, &caps)).collect())
}

fn element(text: &[u8], caps: &Caps) -> Polled {
    let decoded = match gate::object(text, caps, &frame::MEMBERS, Some(frame::PAYLOAD)) {
        Ok(object) => command(&Frame::read(object)),
        Err(error) => Err(refused(text, error)),
    };
    decoded.map_or_else(Polled::Unusable, Polled::Command)
}

/// Later checks can name the command they fail, so the address comes first.
fn command(frame: &Frame<'_>) -> Result<Command, Unusable> {
    let address = address(frame)?;
    let fail = |reason| Unusable {
        reason,
        address: Some(address.clone()),
    };
    let mut notices = Vec::new();
    frame.channel().map_err(fail)?;
    let kind = frame.kind().map_err(fail)?;
    let headers = frame.headers(&mut notices).map_err(fail)?;
    let created_at = frame.created_at().map_err(fail)?;
    let response_timeout = frame.response_timeout(&mut notices);
    frame::has_session(&kind, &headers).map_err(fail)?;
    let client_request_id = headers.first("x-request-id").map(str::to_owned);
    Ok(Command {
        address: ReplyAddress {
            client_request_id,
            ..address
        },
        kind,
        headers,
        created_at,
        response_timeout,
        notices,
    })
}

/// A channel that is no name is answered on `main`: id and token already say which command is meant.
fn address(frame: &Frame<'_>) -> Result<ReplyAddress, Unusable> {
    let fail = |reason| Unusable {
        reason,
        address: None,
    };
    Ok(ReplyAddress {
        request_id: frame.request_id().map_err(fail)?,
        shard_token: frame.shard_token().map_err(fail)?,
        channel: frame.channel().unwrap_or_else(|_| Channel::main()),
        client_request_id: None,
    })
}

fn refused(text: &[u8], error: GateError) -> Unusable {
    Unusable {
        reason: UnusableReason::Gate(error.fault),
        address: salvaged(text),
    }
}

/// Only members that stand there once and without an escape leave no doubt (W-51).
fn salvaged(text: &[u8]) -> Option<ReplyAddress> {
    Some(ReplyAddress {
        request_id: RequestId::parse(plain(text, "request_id")?)?,
        shard_token: Token::parse(plain(text, "shard_token")?)?,
        channel: plain(text, "channel")
            .and_then(|name| Channel::parse(name).ok())
            .unwrap_or_else(Channel::main),
        client_request_id: None,
    })
}

fn plain<'a>(text: &'a [u8], name: &str) -> Option<&'a str> {
    let quoted = std::str::from_utf8(gate::salvage(text, name)?).ok()?;
    let value = quoted.strip_prefix('"')?.strip_suffix('"')?;
    (!value.contains(['"', '\\'])).then_some(value)
}

#[cfg(test)]
mod tests;
