//! What the control plane says in the body of a failed request, made fit for a log line.
//!
//! Promises: any bytes give some answer, of bounded size, in which no control character, line separator or
//! text-direction mark is left to forge a log line or a terminal. Nothing is decided by it: codes only enrich
//! logs.

use std::fmt;

use serde_json::{Map, Value};

/// How much of a body is looked at, in bytes; what comes after is not read.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// The longest message in characters; a longer one ends in `...` after that many.
pub const MAX_MESSAGE_CHARS: usize = 1024;
/// The longest code or type in characters, likewise.
pub const MAX_WORD_CHARS: usize = 128;

/// What could be read from the body, each part already safe to log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiError {
    /// `code`, a stable word such as `tunnel_use_forbidden`.
    pub code: Option<String>,
    /// `message`, or `detail`, or the text of a body that has neither.
    pub message: Option<String>,
    /// `type`.
    pub kind: Option<String>,
}

/// Reads an error body: `{"error":{…}}`, else members at the top, else `detail`, else the text as it is
/// (CP-058 to CP-067).
#[must_use]
pub fn parse(body: &[u8]) -> ApiError {
    let body = body.get(..MAX_BODY_BYTES).unwrap_or(body);
    serde_json::from_slice(body)
        .ok()
        .as_ref()
        .and_then(structured)
        .unwrap_or_else(|| plain(body))
}

impl ApiError {
    /// The code, if it is one of lower-case letters and `_`: a word of the service, and no text it was sent.
    #[must_use]
    pub fn stable_code(&self) -> Option<&str> {
        let is_word = |code: &&str| code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        self.code.as_deref().filter(is_word)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.code, &self.message) {
            (Some(code), Some(message)) => write!(f, "{code}: {message}"),
            (Some(text), None) | (None, Some(text)) => f.write_str(text),
            (None, None) => f.write_str("no details given"),
        }
    }
}

/// `None` when the shape is none of the known ones, or a member has the wrong type.
fn structured(body: &Value) -> Option<ApiError> {
    let top = body.as_object()?;
    if let Some(nested) = top.get("error") {
        return members(nested.as_object()?);
    }
    members(top).or_else(|| detail(top.get("detail")?))
}

fn members(object: &Map<String, Value>) -> Option<ApiError> {
    let error = ApiError {
        code: word(object, "code", MAX_WORD_CHARS)?,
        message: word(object, "message", MAX_MESSAGE_CHARS)?,
        kind: word(object, "type", MAX_WORD_CHARS)?,
    };
    (error != ApiError::default()).then_some(error)
}

/// Absent and null are no value; anything else but a string is a wrong type.
fn word(object: &Map<String, Value>, name: &str, max_chars: usize) -> Option<Option<String>> {
    match object.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(value) => value.as_str().map(|text| Some(printable(text, max_chars))),
    }
}

fn detail(value: &Value) -> Option<ApiError> {
    let message = value.as_str().map_or_else(
        || printable(&value.to_string(), MAX_MESSAGE_CHARS),
        |text| printable(text, MAX_MESSAGE_CHARS),
    );
    (!value.is_null()).then(|| ApiError {
        message: Some(message),
        ..ApiError::default()
    })
}

fn plain(body: &[u8]) -> ApiError {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    let message = (!text.is_empty()).then(|| printable(text, MAX_MESSAGE_CHARS));
    ApiError {
        message,
        ..ApiError::default()
    }
}

fn printable(text: &str, max_chars: usize) -> String {
    let end = text
        .char_indices()
        .nth(max_chars)
        .map_or(text.len(), |(at, _)| at);
    let (kept, cut) = text.split_at(end);
    let mut printable = String::with_capacity(kept.len());
    for c in kept.chars() {
        if can_forge(c) {
            printable.extend(c.escape_unicode())
        } else {
            printable.push(c)
        }
    }
    printable.push_str(if cut.is_empty() { "" } else { "..." });
    printable
}

/// Characters that start a new line, drive a terminal, or turn the direction of text.
fn can_forge(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests;
