//! Messages the agent makes itself: a closed list, minted here and nowhere else.

use bytes::Bytes;

use super::{Permitted, Verb};
use crate::channel::Channel;
use crate::edit::Edited;
use crate::headers::Header;

/// One message of ours to a private server.
pub(super) enum Own<'a> {
    /// The answer to the server's `ping` with this id (W-11).
    Pong(&'a [u8]),
    /// The answer to any other request of the server: the tunnel has no carrier for it (W-11, C8).
    MethodNotFound(&'a [u8]),
}

impl Own<'_> {
    /// The message, on the headers of the call it belongs to.
    pub(super) fn mint(&self, channel: &Channel, headers: Vec<Header>) -> Permitted {
        Permitted {
            channel: channel.clone(),
            verb: Verb::Deliver,
            headers: headers.into(),
            body: Edited::new(self.text()),
        }
    }

    fn text(&self) -> Bytes {
        let (id, rest): (&[u8], &[u8]) = match self {
            Self::Pong(id) => (id, br#","result":{}}"#),
            Self::MethodNotFound(id) => (
                id,
                br#","error":{"code":-32601,"message":"Method not found"}}"#,
            ),
        };
        [br#"{"jsonrpc":"2.0","id":"#, id, rest].concat().into()
    }
}
