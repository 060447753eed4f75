//! The name of an MCP binding, as the tunnel spells it.

use std::fmt;
use std::sync::Arc;

/// The canonical name of one MCP binding: 1 to 64 characters of `a-z`, `0-9`, `_` and `-`.
///
/// Cloning is cheap. The tunnel's own normalisation is applied on parsing: surrounding white space goes, letters become lower case,
/// and an empty name means `main` (wire sheet 1.6).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Channel(Arc<str>);

/// Why a text is not a channel name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// The name has more than 64 characters.
    #[error("a channel name has at most 64 characters")]
    TooLong,
    /// The name has a character outside the grammar.
    #[error("a channel name has only the characters a-z, 0-9, `_` and `-`")]
    BadCharacter,
}

impl Channel {
    /// The most bytes of a name.
    pub const MAX_BYTES: usize = 64;

    /// The channel a command without a name belongs to.
    #[must_use]
    pub fn main() -> Self {
        Self(Arc::from("main"))
    }

    /// Reads a name as the tunnel does.
    ///
    /// # Errors
    /// [`ChannelError`] when the normalised name does not fit the grammar.
    pub fn parse(text: &str) -> Result<Self, ChannelError> {
        let name = text.trim().to_ascii_lowercase();
        if name.is_empty() {
            return Ok(Self::main());
        }
        if !name
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
        {
            return Err(ChannelError::BadCharacter);
        }
        if name.len() > Self::MAX_BYTES {
            return Err(ChannelError::TooLong);
        }
        Ok(Self(Arc::from(name)))
    }

    /// The canonical spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_are_normalised_as_the_tunnel_does_wt_072_073() {
        assert_eq!(Channel::parse(" HARPOON ").unwrap().as_str(), "harpoon");
        assert_eq!(Channel::parse("").unwrap(), Channel::main());
        assert_eq!(Channel::parse("  ").unwrap(), Channel::main());
        assert_eq!(Channel::parse(&"a".repeat(64)).unwrap().as_str().len(), 64);
    }

    #[test]
    fn names_outside_the_grammar_are_refused_wt_074() {
        for bad in ["bad channel", "main!", "a/b", "a\nb", "ключ", "a\u{0}"] {
            assert_eq!(
                Channel::parse(bad),
                Err(ChannelError::BadCharacter),
                "{bad:?}"
            );
        }
        assert_eq!(Channel::parse(&"a".repeat(65)), Err(ChannelError::TooLong));
    }
}
