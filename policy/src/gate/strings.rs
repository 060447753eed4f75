//! JSON strings: judging their content, finding their end, reading their value.

use super::runs::plain_end;
use super::{Fault, GateError};

/// A string that was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quoted {
    /// The offset of the closing quote.
    pub(super) end: usize,
    /// Whether any character is written as an escape.
    pub(super) escaped: bool,
}

/// Judges the string whose first byte after the quote is at `at`. Most strings are plain to their end.
#[inline(always)]
pub(super) fn judge(text: &[u8], at: usize) -> Result<Quoted, GateError> {
    let end = plain_end(text, at);
    match text.get(end) {
        Some(b'"') => Ok(Quoted {
            end,
            escaped: false,
        }),
        _ => judge_rest(text, end),
    }
}

/// Judges a string from its first byte that is not plain.
fn judge_rest(text: &[u8], mut at: usize) -> Result<Quoted, GateError> {
    let mut escaped = false;
    loop {
        match text.get(at) {
            Some(b'"') => return Ok(Quoted { end: at, escaped }),
            Some(b'\\') => {
                escaped = true;
                at = escape(text, at)?;
            }
            Some(0..=0x1f) => return Err(Fault::ControlCharacter.at(at)),
            Some(_) => at = plain_end(text, at + 1),
            None => return Err(Fault::Truncated.at(text.len())),
        }
    }
}

/// The offset of the closing quote of a string whose content is not judged.
pub(super) fn skip(text: &[u8], mut at: usize) -> Result<usize, GateError> {
    loop {
        at = plain_end(text, at);
        match text.get(at) {
            Some(b'"') => return Ok(at),
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return Err(Fault::Truncated.at(text.len())),
        }
    }
}

/// Appends the value of `raw`, the text between two quotes, to `out`. `None` if an escape is broken.
pub(super) fn unescape(raw: &str, out: &mut String) -> Option<()> {
    let mut rest = raw;
    while let Some((plain, tail)) = rest.split_once('\\') {
        out.push_str(plain);
        let (character, after) = unescape_one(tail)?;
        out.push(character);
        rest = after;
    }
    out.push_str(rest);
    Some(())
}

/// The character that the escape after a backslash stands for, and what follows it.
fn unescape_one(tail: &str) -> Option<(char, &str)> {
    let mut characters = tail.chars();
    let character = match characters.next()? {
        named @ ('"' | '\\' | '/') => named,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return unescape_unicode(characters.as_str()),
        _ => return None,
    };
    Some((character, characters.as_str()))
}

/// The character written as four digits, or as a surrogate pair of twice four, at the start of `tail`.
fn unescape_unicode(tail: &str) -> Option<(char, &str)> {
    let first = hex(tail.as_bytes(), 0)?;
    if !is_high(first) {
        return Some((char::from_u32(first)?, tail.get(4..)?));
    }
    let second = low_half(tail.as_bytes(), 4)?;
    let scalar = 0x1_0000 + ((first & 0x3ff) << 10) + (second & 0x3ff);
    Some((char::from_u32(scalar)?, tail.get(10..)?))
}

/// Judges the escape whose backslash is at `at`; the offset after it.
#[inline]
fn escape(text: &[u8], at: usize) -> Result<usize, GateError> {
    match text.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => unicode_escape(text, at),
        Some(_) => Err(Fault::Escape.at(at)),
        None => Err(Fault::Truncated.at(text.len())),
    }
}

/// A pair of surrogates is one escape of twelve bytes; half a pair is refused (A6).
fn unicode_escape(text: &[u8], at: usize) -> Result<usize, GateError> {
    let Some(unit) = hex(text, at + 2) else {
        return Err(Fault::Escape.at(at));
    };
    if is_high(unit) {
        return match low_half(text, at + 6) {
            Some(_) => Ok(at + 12),
            None => Err(Fault::Surrogate.at(at)),
        };
    }
    if is_low(unit) {
        return Err(Fault::Surrogate.at(at));
    }
    Ok(at + 6)
}

fn low_half(text: &[u8], at: usize) -> Option<u32> {
    text.get(at..)?.strip_prefix(b"\\u")?;
    hex(text, at + 2).filter(|unit| is_low(*unit))
}

fn is_high(unit: u32) -> bool {
    (0xd800..0xdc00).contains(&unit)
}

fn is_low(unit: u32) -> bool {
    (0xdc00..0xe000).contains(&unit)
}

fn hex(text: &[u8], at: usize) -> Option<u32> {
    text.get(at..at + 4)?.iter().try_fold(0, |unit, digit| {
        Some(unit << 4 | char::from(*digit).to_digit(16)?)
    })
}
