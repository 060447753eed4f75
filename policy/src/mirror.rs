//! Arguments that are repeated in headers (`x-mcp-header`; MCP 2026-07-28, Streamable HTTP): which ones a definition asks for, and their headers.
//!
//! They are built from the judged body alone, by a definition the policy pins: what a caller sent under these names is never looked at.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use crate::gate::{Kind, Node};
use crate::headers::Header;

/// What all names of such headers begin with.
pub(crate) const PREFIX: &str = "mcp-param-";
/// The longest value, in bytes as it is sent: more than this no server takes in a header. A longer argument is not repeated.
const LONGEST: usize = 4096;
/// The integers that every reader of JSON agrees on.
const INTEGERS: i64 = (1 << 53) - 1;
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// One argument that a definition wants repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mirror {
    /// The name of the header behind [`PREFIX`], in lower case.
    pub(crate) name: String,
    /// The names of the properties that lead to it, from the arguments on.
    pub(crate) path: Vec<String>,
}

impl Mirror {
    /// The header that repeats it. None for an argument that is missing, null, too long, or of a type that is not repeated.
    pub(crate) fn header(&self, arguments: Node<'_>) -> Option<Header> {
        let mut names = self.path.iter();
        let value = names.try_fold(arguments, |object, name| object.get(name))?;
        let value = match value.kind() {
            Kind::String => text(&value.text()?),
            Kind::Number => {
                let number = value.integer()?;
                let is_exact = (-INTEGERS..=INTEGERS).contains(&number);
                is_exact.then(|| number.to_string())?
            }
            Kind::Bool => value.boolean()?.to_string(),
            Kind::Object | Kind::Array | Kind::Null => return None,
        };
        (value.len() <= LONGEST).then(|| Header {
            name: format!("{PREFIX}{}", self.name).into(),
            value: value.into(),
        })
    }
}

/// A text as a header says it: as it is, or as base64 between marks where HTTP or a reader could change it.
fn text(text: &str) -> String {
    let is_visible = text.bytes().all(|b| matches!(b, b' '..=b'~'));
    let is_marked = text.starts_with("=?") && text.ends_with("?=");
    if is_visible && !is_marked && text.trim() == text {
        text.to_owned()
    } else {
        format!("=?base64?{}?=", base64(text.as_bytes()))
    }
}

/// RFC 4648, section 4, with its padding.
fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let at = |index| u32::from(group.get(index).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let index = usize::try_from(bits >> (18 - 6 * place) & 63).unwrap_or_default();
            let digit = BASE64.get(index).copied().unwrap_or_default();
            let is_there = place <= group.len();
            // Writing to a string cannot fail.
            let _ = out.write_char(if is_there { char::from(digit) } else { '=' });
        }
    }
    out
}
