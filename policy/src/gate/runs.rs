//! Crossing the plain part of a string fast, in safe code.
//!
//! Bytes without a special one among them are crossed eight at a time, and 64 at a time once a run is long:
//! the inner loop there has no exit, so that the compiler vectorises it.

const WORD: usize = 8;
const BLOCK: usize = 64;

/// The offset of the next quote, backslash or control character, or the end of the text.
#[inline(always)]
pub(super) fn plain_end(text: &[u8], at: usize) -> usize {
    let Some(block) = block_at(text, at) else {
        return short_plain_end(text, at);
    };
    let (words, _) = block.as_chunks::<WORD>();
    for (place, word) in words.iter().enumerate() {
        let found = special_in(u64::from_le_bytes(*word));
        if found != 0 {
            return at + place * WORD + first(found);
        }
    }
    long_plain_end(text, at + BLOCK)
}

fn long_plain_end(text: &[u8], mut at: usize) -> usize {
    while let Some(block) = block_at(text, at) {
        if block
            .iter()
            .fold(false, |any, byte| any | is_special(*byte))
        {
            break;
        }
        at += BLOCK;
    }
    short_plain_end(text, at)
}

fn short_plain_end(text: &[u8], mut at: usize) -> usize {
    while let Some(word) = word_at(text, at) {
        let found = special_in(word);
        if found != 0 {
            return at + first(found);
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
fn block_at(text: &[u8], at: usize) -> Option<&[u8; BLOCK]> {
    text.get(at..)?.first_chunk()
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
    let quote = (word ^ (ONES * b'"' as u64)).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    let control = word.wrapping_sub(ONES * 0x20);
    // What a subtraction leaves above 0x7f was below what was taken away, or was not ASCII to begin with.
    (quote | backslash | control) & !word & HIGHS
}

/// The place in its word of the lowest byte whose high bit is set.
#[inline]
fn first(found: u64) -> usize {
    (found.trailing_zeros() / 8) as usize
}
