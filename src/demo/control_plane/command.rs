//! What is queued for the agent: one element of a poll answer (wire sheet 6, 20).

use std::time::SystemTime;

use bytes::Bytes;
use hyper::header::HeaderValue;
use serde_json::Value;

use super::{clock, message::Ask};

/// What kind of command, and so which replies close it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CommandKind {
    Jsonrpc,
    SessionTermination,
}

/// A command to be queued. It is right by default and wrong where a test asks for it.
#[derive(Clone, Debug)]
pub struct Command {
    pub(super) kind: CommandKind,
    pub(super) channel: String,
    pub(super) headers: Vec<(String, String)>,
    body: Option<Bytes>,
    response_timeout: Option<String>,
    changes: Vec<(String, Option<Bytes>)>,
}

/// The names the control plane gives a command.
pub(super) struct Ids {
    pub(super) request_id: String,
    pub(super) shard_token: String,
}

impl Command {
    /// A JSON-RPC message, whose bytes are put into the poll answer exactly as they are: what is no JSON spoils the
    /// whole batch.
    #[must_use]
    pub fn jsonrpc(message: impl Into<Bytes>) -> Self {
        Self::new(CommandKind::Jsonrpc, Some(message.into()))
    }

    /// The end of a session.
    #[must_use]
    pub fn session_termination(session: &str) -> Self {
        Self::new(CommandKind::SessionTermination, None).header("Mcp-Session-Id", session)
    }

    fn new(kind: CommandKind, body: Option<Bytes>) -> Self {
        Self {
            kind,
            channel: "main".to_owned(),
            headers: Vec::new(),
            body,
            response_timeout: None,
            changes: Vec::new(),
        }
    }

    /// For this channel; `main` unless said.
    #[must_use]
    pub fn channel(mut self, channel: &str) -> Self {
        channel.clone_into(&mut self.channel);
        self
    }

    /// With one more header of the caller.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// To be answered within this time, as in `30s`.
    #[must_use]
    pub fn response_timeout(mut self, text: &str) -> Self {
        self.response_timeout = Some(text.to_owned());
        self
    }

    /// With this member set to these bytes, whatever they are and whatever was there.
    #[must_use]
    pub fn member(mut self, name: &str, raw: impl Into<Bytes>) -> Self {
        self.changes.push((name.to_owned(), Some(raw.into())));
        self
    }

    /// Without this member.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.changes.push((name.to_owned(), None));
        self
    }

    /// The message inside, as far as a lenient reader understands it.
    pub(super) fn ask(&self) -> Option<Ask> {
        Ask::read(self.body.as_ref()?)
    }

    /// The value `X-Client-Request-Id` must repeat (wire sheet 2.1); one that cannot stand in a header cannot be repeated.
    pub(super) fn client_request_id(&self) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(name, value)| {
            name.eq_ignore_ascii_case("x-request-id") && HeaderValue::from_str(value).is_ok()
        });
        named.next().map(|(_, value)| value.as_str())
    }

    /// The element of the `commands` list.
    pub(super) fn encode(&self, ids: &Ids) -> Vec<u8> {
        let mut members = self.members(ids);
        for (name, change) in &self.changes {
            members.retain(|(present, _)| present != name);
            members.extend(change.clone().map(|raw| (name.clone(), raw)));
        }
        let mut element = vec![b'{'];
        for (place, (name, raw)) in members.iter().enumerate() {
            if place > 0 {
                element.push(b',');
            }
            element.extend_from_slice(&quoted(name));
            element.push(b':');
            element.extend_from_slice(raw);
        }
        element.push(b'}');
        element
    }

    fn members(&self, ids: &Ids) -> Vec<(String, Bytes)> {
        let kind = match self.kind {
            CommandKind::Jsonrpc => "jsonrpc",
            CommandKind::SessionTermination => "session_termination",
        };
        let timeout = self
            .response_timeout
            .as_deref()
            .map_or(Bytes::from_static(b"null"), quoted);
        let mut members = vec![
            ("request_id", quoted(&ids.request_id)),
            ("shard_token", quoted(&ids.shard_token)),
            ("command_type", quoted(kind)),
            ("channel", quoted(&self.channel)),
            ("created_at", quoted(&clock::rfc3339(SystemTime::now()))),
            ("response_timeout", timeout),
            ("headers", self.header_lists()),
        ];
        members.extend(self.body.clone().map(|body| ("jsonrpc", body)));
        members
            .into_iter()
            .map(|(name, raw)| (name.to_owned(), raw))
            .collect()
    }

    /// A map of lists; names that differ in case stay apart, as on the wire.
    fn header_lists(&self) -> Bytes {
        let mut lists = serde_json::Map::new();
        for (name, value) in &self.headers {
            let list = lists
                .entry(name)
                .or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(values) = list {
                values.push(value.as_str().into());
            }
        }
        Value::Object(lists).to_string().into()
    }
}

fn quoted(text: &str) -> Bytes {
    Value::from(text).to_string().into()
}
