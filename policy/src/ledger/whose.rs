//! Whose listing it is.

use std::hash::{BuildHasher, RandomState};

use crate::channel::Channel;
use crate::headers::Header;

/// A session of a server and the credentials it is used with: a server may list other tools to another caller.
#[derive(Clone, Debug)]
pub(crate) struct Whose {
    pub(super) channel: Channel,
    /// The session and everything else a server can tell callers apart by.
    pub(super) key: u64,
    /// The session alone.
    pub(super) place: u64,
    /// As `key`, whatever revision is spoken.
    pub(super) caller: u64,
    pub(super) has_session: bool,
}

/// Headers that name one message or its trace, and not who sends it.
const OF_ONE_MESSAGE: [&str; 8] = [
    "accept",
    "accept-encoding",
    "content-type",
    "mcp-method",
    "mcp-name",
    "traceparent",
    "tracestate",
    "x-request-id",
];

impl Whose {
    pub(crate) fn channel(&self) -> &Channel {
        &self.channel
    }

    pub(crate) fn key(&self) -> u64 {
        self.key
    }

    /// Who sends under these headers, as they cross. Kept as keyed digests: a session's name and a bearer are credentials.
    pub(super) fn of(keyed: &RandomState, channel: &Channel, headers: &[Header]) -> Self {
        let session = headers
            .iter()
            .find(|header| header.name == "mcp-session-id")
            .map(|header| header.value.as_ref());
        let mut lasting: Vec<(&str, &str)> = headers
            .iter()
            .map(|header| (header.name.as_ref(), header.value.as_ref()))
            .filter(|(name, _)| !OF_ONE_MESSAGE.contains(name))
            .collect();
        lasting.sort_unstable();
        let unversioned: Vec<(&str, &str)> = lasting
            .iter()
            .filter(|(name, _)| *name != "mcp-protocol-version")
            .copied()
            .collect();
        Self {
            channel: channel.clone(),
            key: keyed.hash_one((channel, lasting)),
            place: place(keyed, channel, session),
            caller: keyed.hash_one((channel, unversioned)),
            has_session: session.is_some(),
        }
    }
}

/// One session of a server; all that is without one counts as one.
pub(super) fn place(keyed: &RandomState, channel: &Channel, session: Option<&str>) -> u64 {
    keyed.hash_one((channel, session))
}
