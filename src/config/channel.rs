//! Names of channels.
//!
//! Promises: a name is 1 to 64 of `a-z`, `0-9`, `_`, `-` (wire sheet 1.6) and never `harpoon`, which is reserved.
//! Leaves to others: which channels exist.

use std::fmt;

use super::mistake::Fault;

/// The channel of a server given without a name.
pub const MAIN: &str = "main";
const RESERVED: &str = "harpoon";
const LONGEST: usize = 64;

/// A canonical channel name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelName(String);

impl ChannelName {
    /// The name of a binding: blanks and capitals are forgiven, and nothing means `main` (CB-001).
    pub(crate) fn of_binding(text: &str) -> Result<Self, Fault> {
        match text.trim().to_ascii_lowercase() {
            name if name.is_empty() => Ok(Self(MAIN.to_owned())),
            name => Self::canonical(&name),
        }
    }

    /// A name that must already be canonical.
    pub(crate) fn canonical(text: &str) -> Result<Self, Fault> {
        if text == RESERVED {
            return Err(Fault::new(
                "is `harpoon`, which is reserved and not supported yet",
                "choose another channel",
            ));
        }
        if (1..=LONGEST).contains(&text.len()) && text.bytes().all(is_name_byte) {
            return Ok(Self(text.to_owned()));
        }
        Err(Fault::new(
            "is not the name of a channel",
            "write 1 to 64 of a-z, 0-9, `_` and `-`, in lower case and without blanks",
        ))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the main channel.
    pub fn is_main(&self) -> bool {
        self.0 == MAIN
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-'
}
