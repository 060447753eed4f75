//! One record as one line of JSON: ASCII only, no control characters, bounded (F5).
//!
//! A line is written in two parts, because a record learns its place only when it is appended: the body here, index and predecessor in `log`.

use super::stamp::ascii;

/// The longest text of one member, in bytes before escaping. A longer one is cut, and its length told beside it.
pub(super) const LONGEST_TEXT: usize = 256;

/// The members of one JSON object, in the order they are written, without the outer braces.
#[derive(Debug, Default)]
pub(super) struct Line(Vec<u8>);

impl Line {
    pub(super) fn with_room() -> Self {
        Self(Vec::with_capacity(768))
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn name(&mut self, name: &str) {
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    /// A text of at most [`LONGEST_TEXT`] bytes.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.text_up_to(name, text, LONGEST_TEXT);
    }

    /// A text of at most `most` bytes; of a longer one the start, and its length as `<name>_bytes`.
    pub(super) fn text_up_to(&mut self, name: &str, text: &str, most: usize) {
        self.name(name);
        let end = text.floor_char_boundary(most.min(text.len()));
        string(&mut self.0, text.get(..end).unwrap_or_default());
        if end < text.len() {
            self.number(&format!("{name}_bytes"), as_u64(text.len()));
        }
    }

    pub(super) fn text_if(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// A moment, in microseconds since 1970.
    pub(super) fn moment(&mut self, name: &str, micros: u64) {
        self.name(name);
        self.0.push(b'"');
        self.0.extend_from_slice(&ascii(micros));
        self.0.push(b'"');
    }

    pub(super) fn number(&mut self, name: &str, number: u64) {
        self.name(name);
        decimal(&mut self.0, number);
    }

    pub(super) fn number_if(&mut self, name: &str, number: Option<impl Into<u64>>) {
        if let Some(number) = number {
            self.number(name, number.into());
        }
    }

    pub(super) fn flag(&mut self, name: &str, flag: bool) {
        self.name(name);
        self.0
            .extend_from_slice(if flag { b"true" } else { b"false" });
    }

    pub(super) fn hex(&mut self, name: &str, bytes: &[u8]) {
        self.name(name);
        self.0.push(b'"');
        hex(&mut self.0, bytes);
        self.0.push(b'"');
    }

    /// An object in this one.
    pub(super) fn object(&mut self, name: &str, members: impl FnOnce(&mut Self)) {
        self.name(name);
        self.nested(b'{', b'}', members);
    }

    /// A list of texts, each of at most [`LONGEST_TEXT`] bytes.
    pub(super) fn list<'a>(&mut self, name: &str, texts: impl Iterator<Item = &'a str>) {
        self.name(name);
        self.nested(b'[', b']', |list| {
            for text in texts {
                list.0.push(b',');
                let end = text.floor_char_boundary(LONGEST_TEXT.min(text.len()));
                string(&mut list.0, text.get(..end).unwrap_or_default());
            }
        });
    }

    /// Every member and item begins with a comma; the first takes the place of the opening bracket.
    fn nested(&mut self, open: u8, close: u8, content: impl FnOnce(&mut Self)) {
        let start = self.0.len();
        content(self);
        match self.0.get_mut(start) {
            Some(comma) => *comma = open,
            None => self.0.push(open),
        }
        self.0.push(close);
    }
}

/// Decimal digits without an allocation.
pub(super) fn decimal(out: &mut Vec<u8>, mut number: u64) {
    let start = out.len();
    loop {
        out.push(b'0' + u8::try_from(number % 10).unwrap_or_default());
        number /= 10;
        if number == 0 {
            break;
        }
    }
    if let Some(digits) = out.get_mut(start..) {
        digits.reverse();
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + 2 * bytes.len(), 0);
    // All the room at once: no check for each digit, so that several are made in one step.
    let digits = out.get_mut(start..).unwrap_or_default();
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&[hex_digit(byte >> 4), hex_digit(byte & 15)]);
    }
}

const fn hex_digit(half: u8) -> u8 {
    if half < 10 {
        b'0' + half
    } else {
        b'a' + half - 10
    }
}

/// Hexadecimal digits as a text.
pub(super) fn hex_text(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len() * 2);
    hex(&mut out, bytes);
    out.into_iter().map(char::from).collect()
}

/// A JSON string of ASCII without control characters: what a terminal, a line reader or a browser could act on is escaped, U+2028 too.
fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    // Every byte, without an early end, so that many are looked at in one step.
    if text
        .bytes()
        .fold(true, |plain, byte| plain & is_plain(byte))
    {
        out.extend_from_slice(text.as_bytes());
    } else {
        text.chars().for_each(|c| escaped(out, c));
    }
    out.push(b'"');
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')
}

fn escaped(out: &mut Vec<u8>, c: char) {
    match u8::try_from(c) {
        Ok(byte) if is_plain(byte) => out.push(byte),
        Ok(byte @ (b'"' | b'\\')) => out.extend_from_slice(&[b'\\', byte]),
        Ok(_) | Err(_) => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.extend_from_slice(b"\\u");
                hex(out, &unit.to_be_bytes());
            }
        }
    }
}

pub(super) fn as_u64(number: usize) -> u64 {
    number.try_into().unwrap_or(u64::MAX)
}
