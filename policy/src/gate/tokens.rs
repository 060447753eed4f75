//! Steps over JSON text that judge no more than they must: white space, punctuation, whole values.
//!
//! A value is skipped by its brackets and quotes alone. That opening and closing brackets are of one kind is
//! left to the gate, which sees every skipped value before anybody acts on it.

use super::{Fault, GateError, strings};

/// The offset of the brace that opens the text's object (A10, A11). A byte order mark is no white space (A7).
pub(super) fn object_start(text: &[u8]) -> Result<usize, GateError> {
    if text.starts_with(b"\xef\xbb\xbf") {
        return Err(Fault::ByteOrderMark.at(0));
    }
    match space_end(text, 0) {
        start if text.get(start) == Some(&b'{') => Ok(start),
        start => Err(Fault::NotObject.at(start)),
    }
}

/// The offset of the first byte that is not white space.
#[inline]
pub(super) fn space_end(text: &[u8], at: usize) -> usize {
    match text.get(at) {
        Some(byte) if is_space(*byte) => long_space_end(text, at + 1),
        _ => at,
    }
}

/// Crosses indentation eight bytes at a time.
fn long_space_end(text: &[u8], mut at: usize) -> usize {
    while let Some(word) = text.get(at..).and_then(|rest| rest.first_chunk::<WORD>()) {
        let others = other_than_space(u64::from_le_bytes(*word));
        if others != 0 {
            return at + (others.trailing_zeros() / 8) as usize;
        }
        at += WORD;
    }
    let tail = text.get(at..).unwrap_or_default();
    at + tail.iter().take_while(|byte| is_space(**byte)).count()
}

const WORD: usize = 8;

/// The high bit of each byte that is not white space. Exact in every byte: nothing is borrowed or carried.
#[inline]
fn other_than_space(word: u64) -> u64 {
    const LOWS: u64 = u64::from_le_bytes([0x7f; WORD]);
    let differs = |byte| {
        let bits = word ^ u64::from_le_bytes([byte; WORD]);
        ((bits & LOWS) + LOWS) | bits
    };
    differs(b' ') & differs(b'\n') & differs(b'\r') & differs(b'\t') & !LOWS
}

/// The offset after `byte`, which must be next.
#[inline]
pub(super) fn expect(text: &[u8], at: usize, byte: u8) -> Result<usize, GateError> {
    match text.get(at) {
        Some(found) if *found == byte => Ok(at + 1),
        Some(_) => Err(Fault::Syntax.at(at)),
        None => Err(Fault::Truncated.at(at)),
    }
}

/// Refuses anything but white space (A8).
pub(super) fn expect_end(text: &[u8], at: usize) -> Result<(), GateError> {
    match space_end(text, at) {
        end if end == text.len() => Ok(()),
        end => Err(Fault::Trailing.at(end)),
    }
}

/// The offset after the value that starts at `at`.
pub(super) fn value_end(text: &[u8], at: usize) -> Result<usize, GateError> {
    match text.get(at) {
        Some(b'{' | b'[') => container_end(text, at),
        Some(b'"') => Ok(strings::skip(text, at + 1)? + 1),
        Some(_) => word_end(text, at),
        None => Err(Fault::Truncated.at(at)),
    }
}

/// Counts brackets, so that nesting costs no memory however deep it is.
fn container_end(text: &[u8], mut at: usize) -> Result<usize, GateError> {
    let mut open = 0_usize;
    while let Some(byte) = text.get(at) {
        match byte {
            b'{' | b'[' => open += 1,
            b'}' | b']' => open -= 1,
            b'"' => at = strings::skip(text, at + 1)?,
            _ => {}
        }
        at += 1;
        if open == 0 {
            return Ok(at);
        }
    }
    Err(Fault::Truncated.at(text.len()))
}

/// A number, `true`, `false`, `null`, or what is written in their place.
fn word_end(text: &[u8], at: usize) -> Result<usize, GateError> {
    let rest = text.get(at..).unwrap_or_default();
    let in_word = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    match rest.iter().take_while(in_word).count() {
        0 => Err(Fault::Syntax.at(at)),
        length => Ok(at + length),
    }
}

#[inline]
fn is_space(byte: u8) -> bool {
    (byte == b' ') | (byte == b'\n') | (byte == b'\r') | (byte == b'\t')
}
