//! JSON strings: finding their end fast, judging their content, reading their value.
//!
//! Runs without quote, backslash or control character are crossed eight bytes at a time, and 64 at a time
//! once a run is long: the inner loop there has no exit, so that the compiler vectorises it.

use super::{Fault, GateError};

/// A string that was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quoted {
    /// The offset of the closing quote.
    pub(super) end: usize,
    /// Whether any character is written as an escape.
    pub(super) escaped: bool,
}

/// Judges the string whose first byte after the quote is at `at`.
#[inline]
pub(super) fn judge(text: &[u8], mut at: usize) -> Result<Quoted, GateError> {
    let mut escaped = false;
    loop {
        at = plain_end(text, at);
        match text.get(at) {
            Some(b'"') => return Ok(Quoted { end: at, escaped }),
            Some(b'\\') => at = escape(text, at)?,
            Some(_) => return Err(Fault::ControlCharacter.at(at)),
            None => return Err(Fault::Truncated.at(at)),
        }
        escaped = true;
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
fn escape(text: &[u8], at: usize) -> Result<usize, GateError> {
    match text.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => unicode_escape(text, at),
        Some(_) => Err(Fault::Escape.at(at)),
        None => Err(Fault::Truncated.at(at)),
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

/// The offset of the next quote, backslash or control character, or the end of the text.
#[inline]
pub(super) fn plain_end(text: &[u8], mut at: usize) -> usize {
    for _ in 0..WORDS_BEFORE_BLOCKS {
        let Some(word) = word_at(text, at) else {
            return tail_end(text, at);
        };
        let found = special_in(word);
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += WORD;
    }
    long_plain_end(text, at)
}

const WORD: usize = 8;
const BLOCK: usize = 64;
const WORDS_BEFORE_BLOCKS: usize = BLOCK / WORD;

fn long_plain_end(text: &[u8], mut at: usize) -> usize {
    while let Some(block) = text.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
        if block
            .iter()
            .fold(false, |any, byte| any | is_special(*byte))
        {
            break;
        }
        at += BLOCK;
    }
    while let Some(word) = word_at(text, at) {
        let found = special_in(word);
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += WORD;
    }
    tail_end(text, at)
}

fn tail_end(text: &[u8], at: usize) -> usize {
    let tail = text.get(at..).unwrap_or_default();
    at + tail.iter().take_while(|byte| !is_special(**byte)).count()
}

#[inline]
fn word_at(text: &[u8], at: usize) -> Option<u64> {
    let word = text.get(at..)?.first_chunk::<WORD>()?;
    Some(u64::from_le_bytes(*word))
}

#[inline]
fn is_special(byte: u8) -> bool {
    (byte == b'"') | (byte == b'\\') | (byte < 0x20)
}

/// The high bit of each special byte. Bits above the lowest one set may be false, because a subtraction
/// borrows; the lowest is exact, and only that one is used.
#[inline]
fn special_in(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; WORD]);
    const HIGHS: u64 = ONES << 7;
    let zero_in = |bytes: u64| bytes.wrapping_sub(ONES) & !bytes;
    let quote = zero_in(word ^ (ONES * b'"' as u64));
    let backslash = zero_in(word ^ (ONES * b'\\' as u64));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (quote | backslash | control) & HIGHS
}
