//! The name of an MCP binding, as the tunnel and the policy spell it.
//!
//! Promises: a [`Channel`] is canonical (`[a-z0-9_-]`, 1 to 64 bytes), so two spellings of one channel
//! compare equal and a name can go into JSON, a log line or a metric label as it is. Whether anything is
//! bound to a channel is for others to know.

use std::fmt;
use std::sync::Arc;

/// Longest name in bytes (reference client, `Channel names`).
const MAX_BYTES: usize = 64;

/// A canonical channel name. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Channel(Arc<str>);

/// Why a text is no channel name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// More than 64 bytes.
    #[error("channel name has {bytes} bytes; use at most {MAX_BYTES}")]
    TooLong {
        /// Length found, in bytes, after trimming.
        bytes: usize,
    },
    /// A character that no channel name has.
    #[error("channel name contains `{}`; use letters, digits, `_` and `-`", .found.escape_default())]
    Character {
        /// The first such character.
        found: char,
    },
}

impl Channel {
    /// Longest name in bytes.
    pub const MAX_BYTES: usize = MAX_BYTES;

    /// The channel meant when none is named.
    #[must_use]
    pub fn main() -> Self {
        Self(Arc::from("main"))
    }

    /// Trims ASCII whitespace, lowers ASCII letters and checks; an empty or blank text is [`Channel::main`].
    ///
    /// Only ASCII is folded: U+212A (the Kelvin sign), which Unicode lowers to `k`, is refused.
    ///
    /// # Errors
    /// The text is too long or contains a character outside `[A-Za-z0-9_-]`.
    pub fn parse(text: &str) -> Result<Self, ChannelError> {
        let name = text.trim_ascii();
        if name.is_empty() {
            return Ok(Self::main());
        }
        if let Some(found) = name.chars().find(|c| !is_allowed(*c)) {
            return Err(ChannelError::Character { found });
        }
        if name.len() > MAX_BYTES {
            return Err(ChannelError::TooLong { bytes: name.len() });
        }
        Ok(Self(name.to_ascii_lowercase().into()))
    }

    /// The canonical name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
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
    fn wt_072_spelling_is_made_canonical() {
        for (given, name) in [
            (" HARPOON ", "harpoon"),
            ("\tA_b-9\n", "a_b-9"),
            ("main", "main"),
        ] {
            assert_eq!(Channel::parse(given).unwrap().as_str(), name);
        }
    }

    #[test]
    fn wt_073_blank_means_main() {
        for given in ["", " ", "\t \r\n"] {
            assert_eq!(Channel::parse(given).unwrap(), Channel::main());
        }
    }

    #[test]
    fn wt_074_other_characters_are_refused() {
        for (given, found) in [
            ("bad channel", ' '),
            ("main!", '!'),
            ("\u{212a}", '\u{212a}'),
            ("a/b", '/'),
            ("\u{a0}main", '\u{a0}'),
            ("a\0", '\0'),
        ] {
            assert_eq!(
                Channel::parse(given),
                Err(ChannelError::Character { found }),
                "{given:?}"
            );
        }
    }

    #[test]
    fn length_is_at_most_64_bytes() {
        assert!(Channel::parse(&"a".repeat(64)).is_ok());
        assert_eq!(
            Channel::parse(&"a".repeat(65)),
            Err(ChannelError::TooLong { bytes: 65 })
        );
    }

    #[test]
    fn errors_escape_what_they_quote() {
        let error = Channel::parse("a\u{1b}").unwrap_err();
        assert_eq!(
            error.to_string(),
            "channel name contains `\\u{1b}`; use letters, digits, `_` and `-`"
        );
    }
}
