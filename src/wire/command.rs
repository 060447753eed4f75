//! One polled item after decoding: a command to carry out, or what is left of one that cannot be.
//!
//! Promises: kinds and reasons are closed sets (INVARIANT: 10), and printing shows neither payloads nor
//! header values. The payload has been found, not judged; that is the policy's part.

use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use portcullis_policy::gate::Fault;

use super::address::ReplyAddress;
use super::headers::Headers;

/// One element of a poll body.
#[derive(Debug)]
pub enum Polled {
    /// Something to do.
    Command(Command),
    /// Nothing that can be done.
    Unusable(Unusable),
}

/// A command whose frame is sound.
#[derive(Debug)]
pub struct Command {
    /// Where the reply goes.
    pub address: ReplyAddress,
    /// What is asked.
    pub kind: CommandKind,
    /// Header fields for the MCP server, not yet judged.
    pub headers: Headers,
    /// When the control plane says it was created; for age metrics only.
    pub created_at: Option<SystemTime>,
    /// How long the caller waits, counted from receipt. `None` when absent or malformed: the agent's own
    /// maximum always holds besides (E9).
    pub response_timeout: Option<Duration>,
    /// What was left out or ignored, for the log.
    pub notices: Vec<Notice>,
}

/// What a command asks for.
pub enum CommandKind {
    /// Pass on one MCP message: its bytes as received, not yet judged.
    Jsonrpc(Bytes),
    /// End the session named by the `mcp-session-id` header, which is present and not empty.
    SessionTermination,
}

/// Something odd in a command that does not stop it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A header was left out because its name is no HTTP token of at most 128 bytes.
    HeaderName,
    /// A header was left out because its value cannot stand in an HTTP message.
    HeaderValue {
        /// The header's name in lower case.
        name: String,
    },
    /// `response_timeout` is malformed and was ignored.
    ResponseTimeout,
}

/// An element that cannot be carried out.
#[derive(Debug)]
pub struct Unusable {
    /// Why not.
    pub reason: UnusableReason,
    /// Where to say so, when request id and shard token are beyond doubt (W-51).
    pub address: Option<ReplyAddress>,
}

/// Why an element cannot be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnusableReason {
    /// The strict gate refused the element.
    Gate(Fault),
    /// `request_id` is absent, no string, or not 1 to 256 visible ASCII characters.
    RequestId,
    /// `shard_token` is absent, no string, or not 1 to 4096 visible ASCII characters.
    ShardToken,
    /// `channel` is no channel name.
    Channel,
    /// `command_type` is absent, null or empty. The public document gives it a default, the reference client
    /// drops the command; not guessing wins.
    CommandTypeMissing,
    /// `command_type` is anything but a kind this agent carries out; it is never taken for another kind (E4).
    UnsupportedCommandType,
    /// `jsonrpc` is absent from a command of that type.
    JsonrpcMissing,
    /// `headers` is no object of arrays of strings.
    Headers,
    /// More than 64 header values.
    TooManyHeaders,
    /// `created_at` is no RFC 3339 string.
    CreatedAt,
    /// A `session_termination` without a session id header.
    SessionIdMissing,
}

impl Polled {
    /// The bytes it holds of memory, near enough to bound them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Command(command) => command.bytes(),
            Self::Unusable(_) => 0,
        }
    }
}

impl Command {
    fn bytes(&self) -> usize {
        let headers: usize = self
            .headers
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        let payload = match &self.kind {
            CommandKind::Jsonrpc(payload) => payload.len(),
            CommandKind::SessionTermination => 0,
        };
        payload + headers + self.address.shard_token.expose().len()
    }
}

impl UnusableReason {
    /// A stable word for logs and metrics.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Gate(fault) => fault.label(),
            Self::RequestId => "request_id_invalid",
            Self::ShardToken => "shard_token_invalid",
            Self::Channel => "channel_invalid",
            Self::CommandTypeMissing => "command_type_missing",
            Self::UnsupportedCommandType => "unsupported_command_type",
            Self::JsonrpcMissing => "jsonrpc_missing",
            Self::Headers => "headers_malformed",
            Self::TooManyHeaders => "too_many_headers",
            Self::CreatedAt => "created_at_malformed",
            Self::SessionIdMissing => "session_id_missing",
        }
    }
}

impl Notice {
    /// A stable word for logs and metrics.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::HeaderName => "header_name_invalid",
            Self::HeaderValue { .. } => "header_value_invalid",
            Self::ResponseTimeout => "response_timeout_malformed",
        }
    }
}

impl fmt::Debug for CommandKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jsonrpc(payload) => write!(f, "Jsonrpc({} bytes)", payload.len()),
            Self::SessionTermination => f.write_str("SessionTermination"),
        }
    }
}
