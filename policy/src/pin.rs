//! The digest of a definition that was reviewed.
//!
//! A pin is SHA-256 of one canonical form of the whole value, in the way of RFC 8785 (JSON Canonicalization Scheme): no white space, members
//! sorted by name, each string in its shortest spelling. So a server may reorder members, indent, or escape a letter in another way from one
//! session to the next without a change of the pin; and every member counts, known or not (PF17). It differs from RFC 8785 in two ways: numbers
//! stay as they are written, because a reader that keeps 1.0 apart from 1 must not be shown another definition under the same pin; and
//! names sort by their UTF-8 bytes, which is the order of their characters. The exact bytes would be simpler, and a pin of them would break
//! with the next release of a JSON library.
//!
//! The hash itself is the caller's: this package has no cryptography of its own.

use std::borrow::Cow;
use std::fmt;

use crate::gate::{Kind, Node};

/// SHA-256 of bytes, as the agent's cryptographic library computes it.
pub type Sha256 = fn(&[u8]) -> [u8; 32];

/// SHA-256 of a complete definition: a tool object, or the text of a server's instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin(pub [u8; 32]);

impl Pin {
    /// The pin of a complete definition.
    #[must_use]
    pub fn of(definition: Node<'_>, sha256: Sha256) -> Self {
        let mut canonical = Vec::with_capacity(definition.raw().len());
        write(definition, &mut canonical);
        Self(sha256(&canonical))
    }

    /// The pin of a text: of its UTF-8 bytes as they are, so that `sha256sum` says the same.
    #[must_use]
    pub fn of_text(text: &str, sha256: Sha256) -> Self {
        Self(sha256(text.as_bytes()))
    }

    /// Reads `sha256:` and 64 hexadecimal digits in lower case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("sha256:")?.as_bytes();
        let mut digest = [0; 32];
        if digits.len() != 64 {
            return None;
        }
        for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair
                .iter()
                .try_fold(0, |value, digit| Some(value << 4 | nibble(*digit)?))?;
        }
        Some(Self(digest))
    }
}

/// Writes the canonical form of a value. It goes as deep as the gate let the value nest.
fn write(node: Node<'_>, out: &mut Vec<u8>) {
    match node.kind() {
        Kind::Object => write_object(node, out),
        Kind::Array => {
            out.push(b'[');
            for (i, element) in node.elements().enumerate() {
                separate(i, out);
                write(element, out);
            }
            out.push(b']');
        }
        Kind::String => write_text(&node.text().unwrap_or_default(), out),
        Kind::Number | Kind::Bool | Kind::Null => out.extend_from_slice(node.raw()),
    }
}

fn write_object(node: Node<'_>, out: &mut Vec<u8>) {
    let mut members: Vec<(Cow<'_, str>, Node<'_>)> = node.members().collect();
    members.sort_by(|(one, _), (other, _)| one.cmp(other));
    out.push(b'{');
    for (i, (name, value)) in members.into_iter().enumerate() {
        separate(i, out);
        write_text(&name, out);
        out.push(b':');
        write(value, out);
    }
    out.push(b'}');
}

fn separate(i: usize, out: &mut Vec<u8>) {
    if i > 0 {
        out.push(b',');
    }
}

/// A string as RFC 8785, section 3.2.2.2, spells it.
fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0x08 => out.extend_from_slice(br"\b"),
            0x09 => out.extend_from_slice(br"\t"),
            0x0a => out.extend_from_slice(br"\n"),
            0x0c => out.extend_from_slice(br"\f"),
            0x0d => out.extend_from_slice(br"\r"),
            0x00..=0x1f => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests;
