//! The grammar of ids (A12): those that every peer reads, and writes back, in the same bytes.

/// The largest integer that every reader of JSON numbers keeps exactly: 2^53 - 1.
const LARGEST: i64 = (1 << 53) - 1;
const LONGEST: usize = 256;

/// Whether `raw`, the bytes of a JSON value, is an id that comes back unchanged from any peer.
///
/// An integer without fraction, exponent or needless zero, within 2^53 - 1 on either side, and not `-0`. Or a
/// string of 1 to 256 bytes of printable ASCII, space included. The string holds no escapes, because a peer
/// may write the same text back without them; so no quote and no backslash either. The empty string is
/// refused, because peers that test for truth take it for no id at all.
#[must_use]
pub fn canonical_id(raw: &[u8]) -> bool {
    match raw
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""))
    {
        Some(text) => is_plain(text),
        None => is_integer(raw),
    }
}

fn is_plain(text: &[u8]) -> bool {
    let plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    (1..=LONGEST).contains(&text.len()) && text.iter().all(plain)
}

fn is_integer(raw: &[u8]) -> bool {
    let digits = raw.strip_prefix(b"-").unwrap_or(raw);
    let is_shortest = matches!(digits, [b'1'..=b'9', ..]) || raw == b"0";
    let value = std::str::from_utf8(digits)
        .ok()
        .and_then(|text| text.parse::<i64>().ok());
    is_shortest && value.is_some_and(|value| (0..=LARGEST).contains(&value))
}
