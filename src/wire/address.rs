//! Where a reply goes: the request id, the shard token and the channel of the command it answers (E5).
//!
//! Promises: each part was checked before the type existed, so it can go into a header or a JSON string as it
//! is; and the token is never printed. Whether the control plane still waits for the reply is for the caller
//! to find out.

use std::fmt;

use portcullis_policy::Channel;
use secrecy::{ExposeSecret, SecretString};

/// Names one open command to the control plane, and proves that its reply comes from where the command went.
#[derive(Clone, Debug)]
pub struct ReplyAddress {
    /// Which command.
    pub request_id: RequestId,
    /// Proof of delivery; goes into `X-Tunnel-Shard-Token` and nowhere else.
    pub shard_token: Token,
    /// The channel the command came on, echoed in the reply.
    pub channel: Channel,
    /// The caller's own name for its request, echoed as `X-Client-Request-Id` (CP-040).
    pub client_request_id: Option<String>,
}

/// The control plane's name for a command: 1 to 256 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(String);

impl RequestId {
    /// Longest id in bytes.
    pub const MAX_BYTES: usize = 256;

    /// Takes `text` if it can stand in a log line and a header; `None` otherwise.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_visible(text, Self::MAX_BYTES).then(|| Self(text.to_owned()))
    }

    /// The id as received.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A shard token: 1 to 4096 visible ASCII characters, wiped on drop.
// INVARIANT: 6. No `Display`, no `Serialize`, and a `Debug` without content.
#[derive(Clone)]
pub struct Token(SecretString);

impl Token {
    /// Longest token in bytes.
    pub const MAX_BYTES: usize = 4096;

    /// Takes `text` if it can stand in a header; `None` otherwise.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_visible(text, Self::MAX_BYTES).then(|| Self(text.into()))
    }

    /// The content, for the request header only.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

fn is_visible(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;

    #[test]
    fn only_visible_ascii_within_the_cap() {
        for text in ["", " ", "a b", "a\r\nX: y", "a\0", "é", "a\u{7f}"] {
            assert!(RequestId::parse(text).is_none(), "{text:?}");
            assert!(Token::parse(text).is_none(), "{text:?}");
        }
        assert_eq!(RequestId::parse("r-1\"\\").unwrap().as_str(), "r-1\"\\");
        assert_eq!(Token::parse("s.1~").unwrap().expose(), "s.1~");
        assert!(
            RequestId::parse(&"r".repeat(256)).is_some()
                && RequestId::parse(&"r".repeat(257)).is_none()
        );
        assert!(
            Token::parse(&"s".repeat(4096)).is_some() && Token::parse(&"s".repeat(4097)).is_none()
        );
    }

    #[test]
    fn the_token_is_never_printed() {
        let address = ReplyAddress {
            request_id: RequestId::parse("r1").unwrap(),
            shard_token: Token::parse("canary").unwrap(),
            channel: Channel::main(),
            client_request_id: None,
        };
        assert!(!format!("{address:?}").contains("canary"));
    }
}
