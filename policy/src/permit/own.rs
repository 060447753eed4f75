//! Messages the agent makes itself: a closed list, minted here and nowhere else.

use bytes::Bytes;

use super::{Permitted, Verb};
use crate::channel::Channel;
use crate::document::{Limits, PolicySet};
use crate::edit::Edited;
use crate::gate::{Gated, Slot};
use crate::headers::{self, Header};

/// One message of ours to a private server.
pub(super) enum Own<'a> {
    /// The answer to the server's `ping` with this id (W-11).
    Pong(&'a [u8]),
    /// The answer to any other request of the server: the tunnel has no carrier for it (W-11, C8).
    MethodNotFound(&'a [u8]),
    /// The call with this id of ours is not waited for any more (W-18).
    Cancelled(u64),
    /// Asks a server, under this id of ours, whether it is there.
    Ping(u64),
    /// Asks for one page of a listing, under this id of ours: the page behind a cursor as the server wrote it, and `params._meta` where the
    /// caller's revision wants one.
    List(u64, &'static str, Option<&'a [u8]>, &'a [u8]),
    /// Opens a session for a tool of the operator's, under this id of ours.
    Initialize(u64),
    /// That session is open.
    Initialized,
    /// Asks what a server without sessions is, under this id of ours and with this `params._meta`.
    Discover(u64, &'a [u8]),
}

impl Own<'_> {
    /// The message, on the headers of the call it belongs to.
    pub(super) fn mint(
        &self,
        channel: &Channel,
        headers: Vec<Header>,
        limits: &Limits,
    ) -> Permitted {
        Permitted {
            channel: channel.clone(),
            verb: Verb::Deliver,
            headers: headers.into(),
            body: Edited::new(self.text()),
            bounds: limits.answer_bounds(),
        }
    }

    /// The same, for a server that a policy sets limits for.
    pub(super) fn mint_by(
        &self,
        policy: &PolicySet,
        channel: &Channel,
        headers: Vec<Header>,
    ) -> Permitted {
        self.mint(channel, headers, policy.limits_of(channel))
    }

    fn text(&self) -> Bytes {
        match self {
            Self::Pong(id) => answer(id, br#""result":{}}"#),
            Self::MethodNotFound(id) => answer(
                id,
                br#""error":{"code":-32601,"message":"Method not found"}}"#,
            ),
            Self::Cancelled(id) => Bytes::from(format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id}}}}}"#
            )),
            Self::Ping(id) => {
                Bytes::from(format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#))
            }
            Self::List(id, method, cursor, meta) => list(*id, method, *cursor, meta),
            Self::Discover(id, meta) => list(*id, "server/discover", None, meta),
            Self::Initialize(id) => Bytes::from(format!(
                r#"{{"jsonrpc":"2.0","id":{id},"method":"initialize","params":{{"protocolVersion":"2025-11-25","capabilities":{{}},"clientInfo":{{"name":"portcullis","version":"{}"}}}}}}"#,
                env!("CARGO_PKG_VERSION")
            )),
            Self::Initialized => {
                Bytes::from_static(br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
            }
        }
    }
}

impl PolicySet {
    /// Asks the server of this channel whether it is there: a `ping` without a session or credentials of a caller, under this id of ours.
    ///
    /// `None` when the policy lists no server for the channel. What comes back is for whoever asked and goes nowhere else.
    #[must_use]
    pub fn probe(&self, channel: &Channel, upstream_id: u64) -> Option<Permitted> {
        self.server(channel)?;
        Some(Own::Ping(upstream_id).mint(channel, headers::fixed(true), self.limits_of(channel)))
    }
}

fn list(id: u64, method: &str, cursor: Option<&[u8]>, meta: &[u8]) -> Bytes {
    let mut text =
        format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{{"#).into_bytes();
    let members = [(&b"\"cursor\":"[..], cursor), (b"\"_meta\":", Some(meta))];
    let mut is_first = true;
    for (name, value) in members {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            text.extend_from_slice(if is_first { b"" } else { b"," });
            text.extend_from_slice(name);
            text.extend_from_slice(value);
            is_first = false;
        }
    }
    text.extend_from_slice(b"}}");
    text.into()
}

fn answer(id: &[u8], rest: &[u8]) -> Bytes {
    [br#"{"jsonrpc":"2.0","id":"#, id, b",", rest]
        .concat()
        .into()
}

/// What a request says about itself since MCP 2026-07-28, as the caller wrote it: a server may list by it.
pub(super) fn meta(message: &Gated) -> Vec<u8> {
    let members = [
        Slot::ParamsMetaProtocolVersion,
        Slot::ParamsMetaClientInfo,
        Slot::ParamsMetaClientCapabilities,
    ];
    let mut text = Vec::new();
    for (slot, node) in members
        .iter()
        .filter_map(|slot| Some((slot, message.node(*slot)?)))
    {
        let name = slot
            .path()
            .strip_prefix("params._meta.")
            .unwrap_or_default();
        text.extend_from_slice(if text.is_empty() { b"{\"" } else { b",\"" });
        text.extend_from_slice(name.as_bytes());
        text.extend_from_slice(b"\":");
        text.extend_from_slice(node.raw());
    }
    if !text.is_empty() {
        text.push(b'}');
    }
    text
}
