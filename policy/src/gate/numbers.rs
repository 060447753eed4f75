//! JSON numbers: the grammar, the length cap, and that the value is finite as a 64-bit float.

use super::{Fault, GateError};

/// A number below ten to this power is finite, so only longer ones are parsed.
const SAFE_DECADES: i64 = 308;

/// Judges the number that starts at `start`; the offset after it.
#[inline]
pub(super) fn judge(text: &[u8], start: usize, cap: usize) -> Result<usize, GateError> {
    let whole = start + usize::from(byte(text, start) == Some(b'-'));
    let whole_end = match byte(text, whole) {
        Some(b'0') => whole + 1,
        _ => digits(text, whole)?,
    };
    let (end, exponent) = match byte(text, whole_end) {
        Some(b'.' | b'e' | b'E') => after_whole(text, whole_end)?,
        _ => (whole_end, 0),
    };
    if end - start > cap {
        return Err(Fault::NumberTooLong.at(start));
    }
    let decades = exponent.saturating_add_unsigned((whole_end - whole) as u64);
    if decades > SAFE_DECADES && !is_finite(text.get(start..end).unwrap_or_default()) {
        return Err(Fault::NumberRange.at(start));
    }
    Ok(end)
}

/// Fraction and exponent, either of which may be absent: the offset after them, and the exponent's value.
fn after_whole(text: &[u8], at: usize) -> Result<(usize, i64), GateError> {
    let at = match byte(text, at) {
        Some(b'.') => digits(text, at + 1)?,
        _ => at,
    };
    match byte(text, at) {
        Some(b'e' | b'E') => exponent(text, at + 1),
        _ => Ok((at, 0)),
    }
}

fn exponent(text: &[u8], at: usize) -> Result<(usize, i64), GateError> {
    let sign = byte(text, at).filter(|byte| matches!(byte, b'+' | b'-'));
    let start = at + usize::from(sign.is_some());
    let end = digits(text, start)?;
    let size = saturating_value(text.get(start..end).unwrap_or_default());
    Ok((end, if sign == Some(b'-') { -size } else { size }))
}

/// The offset after one or more digits.
#[inline]
fn digits(text: &[u8], start: usize) -> Result<usize, GateError> {
    let mut at = start;
    while byte(text, at).is_some_and(|byte| byte.is_ascii_digit()) {
        at += 1;
    }
    match byte(text, at) {
        _ if at > start => Ok(at),
        Some(_) => Err(Fault::Syntax.at(at)),
        None => Err(Fault::Truncated.at(at)),
    }
}

fn saturating_value(digits: &[u8]) -> i64 {
    digits.iter().fold(0_i64, |value, digit| {
        let digit = i64::from(digit.wrapping_sub(b'0'));
        value.saturating_mul(10).saturating_add(digit)
    })
}

#[cold]
fn is_finite(token: &[u8]) -> bool {
    let text = std::str::from_utf8(token).unwrap_or_default();
    text.parse().is_ok_and(f64::is_finite)
}

#[inline]
fn byte(text: &[u8], at: usize) -> Option<u8> {
    text.get(at).copied()
}
