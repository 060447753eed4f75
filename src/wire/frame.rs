//! The members of one polled element, read into types.
//!
//! Promises: one walk over the object, and each member either reads as its documented type or is named as
//! the reason why the element cannot be used. `null` is the same as absent. Which reason counts first is for
//! `poll` to order.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use portcullis_policy::Channel;
use portcullis_policy::gate::{Kind, Node};

use super::address::{RequestId, Token};
use super::command::{CommandKind, Notice, UnusableReason};
use super::headers::{Headers, MAX_PAIRS, PairFault};
use super::{duration, timestamp};

/// Names that no other member may resemble.
pub(super) const MEMBERS: [&str; 8] = [
    "request_id",
    "shard_token",
    "command_type",
    "channel",
    "created_at",
    "headers",
    "response_timeout",
    PAYLOAD,
];

/// The member that is judged on its own later.
pub(super) const PAYLOAD: &str = "jsonrpc";

/// Each member as it stands in the element; `None` if absent or null.
#[derive(Default)]
pub(super) struct Frame<'a> {
    request_id: Option<Node<'a>>,
    shard_token: Option<Node<'a>>,
    command_type: Option<Node<'a>>,
    channel: Option<Node<'a>>,
    created_at: Option<Node<'a>>,
    headers: Option<Node<'a>>,
    response_timeout: Option<Node<'a>>,
    payload: Option<Node<'a>>,
}

impl<'a> Frame<'a> {
    pub(super) fn read(object: Node<'a>) -> Self {
        let mut frame = Self::default();
        for (name, value) in object.members() {
            if let Some(place) = frame.place(&name) {
                *place = (value.kind() != Kind::Null).then_some(value);
            }
        }
        frame
    }

    fn place(&mut self, name: &str) -> Option<&mut Option<Node<'a>>> {
        match name {
            "request_id" => Some(&mut self.request_id),
            "shard_token" => Some(&mut self.shard_token),
            "command_type" => Some(&mut self.command_type),
            "channel" => Some(&mut self.channel),
            "created_at" => Some(&mut self.created_at),
            "headers" => Some(&mut self.headers),
            "response_timeout" => Some(&mut self.response_timeout),
            PAYLOAD => Some(&mut self.payload),
            _ => None,
        }
    }

    pub(super) fn request_id(&self) -> Result<RequestId, UnusableReason> {
        let id = self
            .request_id
            .and_then(|node| RequestId::parse(&node.text()?));
        id.ok_or(UnusableReason::RequestId)
    }

    pub(super) fn shard_token(&self) -> Result<Token, UnusableReason> {
        let token = self
            .shard_token
            .and_then(|node| Token::parse(&node.text()?));
        token.ok_or(UnusableReason::ShardToken)
    }

    pub(super) fn channel(&self) -> Result<Channel, UnusableReason> {
        let Some(node) = self.channel else {
            return Ok(Channel::main());
        };
        let channel = node.text().and_then(|name| Channel::parse(&name).ok());
        channel.ok_or(UnusableReason::Channel)
    }

    /// INVARIANT: 10, a type that is not known is never taken for another (E4), whatever else the element
    /// has.
    pub(super) fn kind(&self) -> Result<CommandKind, UnusableReason> {
        let name = self
            .command_type
            .ok_or(UnusableReason::CommandTypeMissing)?
            .text();
        match name.as_deref() {
            Some("jsonrpc") => self.payload().map(CommandKind::Jsonrpc),
            Some("session_termination") => Ok(CommandKind::SessionTermination),
            Some("") => Err(UnusableReason::CommandTypeMissing),
            _ => Err(UnusableReason::UnsupportedCommandType),
        }
    }

    fn payload(&self) -> Result<Bytes, UnusableReason> {
        let node = self.payload.ok_or(UnusableReason::JsonrpcMissing)?;
        Ok(Bytes::copy_from_slice(node.raw()))
    }

    pub(super) fn headers(&self, notices: &mut Vec<Notice>) -> Result<Headers, UnusableReason> {
        let mut headers = Headers::default();
        let Some(object) = self.headers else {
            return Ok(headers);
        };
        let mut room = 1..=MAX_PAIRS;
        for (name, list) in header_shape(object, Kind::Object)?.members() {
            for value in header_shape(list, Kind::Array)?.elements() {
                let value = value.text().ok_or(UnusableReason::Headers)?;
                room.next().ok_or(UnusableReason::TooManyHeaders)?;
                if let Err(fault) = headers.push(&name, &value) {
                    notices.push(left_out(fault, &name));
                }
            }
        }
        Ok(headers)
    }

    pub(super) fn created_at(&self) -> Result<Option<SystemTime>, UnusableReason> {
        let Some(node) = self.created_at else {
            return Ok(None);
        };
        let instant = node.text().and_then(|text| timestamp::parse(&text));
        instant.map(Some).ok_or(UnusableReason::CreatedAt)
    }

    pub(super) fn response_timeout(&self, notices: &mut Vec<Notice>) -> Option<Duration> {
        let timeout = self
            .response_timeout?
            .text()
            .and_then(|text| duration::parse(&text));
        if timeout.is_none() {
            notices.push(Notice::ResponseTimeout);
        }
        timeout
    }
}

/// A session is ended by name; the first session header counts, and an empty one is no name.
pub(super) fn has_session(kind: &CommandKind, headers: &Headers) -> Result<(), UnusableReason> {
    let named = headers
        .first("mcp-session-id")
        .is_some_and(|id| !id.is_empty());
    match kind {
        CommandKind::SessionTermination if !named => Err(UnusableReason::SessionIdMissing),
        CommandKind::SessionTermination | CommandKind::Jsonrpc(_) => Ok(()),
    }
}

fn header_shape(node: Node<'_>, kind: Kind) -> Result<Node<'_>, UnusableReason> {
    if node.kind() == kind {
        Ok(node)
    } else {
        Err(UnusableReason::Headers)
    }
}

fn left_out(fault: PairFault, name: &str) -> Notice {
    match fault {
        PairFault::Name => Notice::HeaderName,
        PairFault::Value => Notice::HeaderValue {
            name: name.to_ascii_lowercase(),
        },
    }
}
