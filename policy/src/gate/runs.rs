//! Crossing the plain part of a string fast, in safe code.
//!
//! Bytes without a special one among them are crossed eight at a time, and 64 at a time once a run is long:
//! the inner loop there has no exit, so that the compiler vectorises it.

const WORD: usize = 8;
const BLOCK: usize = 64;
const WORDS_BEFORE_BLOCKS: usize = BLOCK / WORD;

/// The offset of the next quote, backslash or control character, or the end of the text.
#[inline(always)]
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
