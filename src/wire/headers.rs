//! The header fields of one command, as pairs.
//!
//! Promises: names are lower-case HTTP tokens, values are `[\t\x20-\x7e]` without white space at either end
//! (what a server sees is what was judged), count and sizes are capped, and printing shows names only,
//! because values carry the caller's credentials. Which of them may go on is the policy's say.

use std::fmt;

/// The most pairs of one command.
pub const MAX_PAIRS: usize = 64;
/// The longest name in bytes.
pub const MAX_NAME_BYTES: usize = 128;
/// The longest value in bytes.
pub const MAX_VALUE_BYTES: usize = 8192;

/// Header fields in the order received; a name with several values stands in several pairs.
// INVARIANT: 6. `Debug` shows names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

/// Why one pair was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairFault {
    /// The name is no HTTP token, or too long.
    Name,
    /// The value has a character that no field value may have, or is too long.
    Value,
}

impl Headers {
    /// Adds one pair, its name in lower case and its value without white space at the ends.
    ///
    /// # Errors
    /// Name or value cannot stand in an HTTP message, or is longer than its cap; nothing is added then.
    pub fn push(&mut self, name: &str, value: &str) -> Result<(), PairFault> {
        if !is_name(name) {
            return Err(PairFault::Name);
        }
        if !is_value(value) {
            return Err(PairFault::Value);
        }
        self.0.push((
            name.to_ascii_lowercase(),
            value.trim_matches([' ', '\t']).to_owned(),
        ));
        Ok(())
    }

    /// All pairs in order, as the policy takes them.
    #[must_use]
    pub fn as_pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// All pairs in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The first value under `name`, given in lower case.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&str> {
        self.iter()
            .find_map(|(n, value)| (n == name).then_some(value))
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.iter().map(|(name, _)| name))
            .finish()
    }
}

/// RFC 9110, section 5.6.2: one or more token characters.
fn is_name(name: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// RFC 9110, section 5.5, without the obsolete bytes above ASCII.
pub(super) fn is_value(value: &str) -> bool {
    value.len() <= MAX_VALUE_BYTES && value.bytes().all(|b| matches!(b, b'\t' | b' '..=b'~'))
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
    fn pr_003_names_are_lowered_and_variants_become_pairs() {
        let mut headers = Headers::default();
        headers.push("MCP-Session-ID", "m1").unwrap();
        headers.push("x-a", "1").unwrap();
        headers.push("X-A", " 2\t").unwrap();
        assert_eq!(
            headers.iter().collect::<Vec<_>>(),
            [("mcp-session-id", "m1"), ("x-a", "1"), ("x-a", "2")]
        );
        assert_eq!(headers.first("x-a"), Some("1"));
        assert_eq!(headers.first("x-b"), None);
    }

    #[test]
    fn what_cannot_stand_in_a_message_is_refused() {
        let mut headers = Headers::default();
        for name in ["", "a b", "a:", "é", "a\r\n", &"n".repeat(129)] {
            assert_eq!(headers.push(name, "v"), Err(PairFault::Name), "{name:?}");
        }
        for value in ["a\r\nB: c", "\0", "é", "\u{7f}", &"v".repeat(8193)] {
            assert_eq!(headers.push("n", value), Err(PairFault::Value), "{value:?}");
        }
        assert_eq!(headers, Headers::default());
        headers.push(&"n".repeat(128), &"v".repeat(8192)).unwrap();
    }

    #[test]
    fn values_are_never_printed() {
        let mut headers = Headers::default();
        headers.push("Authorization", "Bearer canary").unwrap();
        assert_eq!(format!("{headers:?}"), r#"["authorization"]"#);
    }
}
