//! JSON numbers: the grammar, the length cap, and that the value is finite as a 64-bit float.

use super::{Fault, GateError};

/// A number below ten to this power is finite, so only longer ones are parsed.
const SAFE_DECADES: i64 = 308;

/// Judges the number that starts at `start`; the offset after it.
#[inline]
pub(super) fn judge(text: &[u8], start: usize, cap: usize) -> Result<usize, GateError> {
    let whole = start + usize::from(byte(text, start) == Some(b'-'));
    let whole_end = whole_part(text, whole)?;
    let fraction_end = fraction(text, whole_end)?;
    let (end, exponent) = exponent(text, fraction_end)?;
    if end - start > cap {
        return Err(Fault::NumberTooLong.at(start));
    }
    let decades = exponent.saturating_add_unsigned((whole_end - whole) as u64);
    if decades > SAFE_DECADES && !is_finite(text.get(start..end).unwrap_or_default()) {
        return Err(Fault::NumberRange.at(start));
    }
    Ok(end)
}

/// One digit, or several that do not begin with a zero.
fn whole_part(text: &[u8], at: usize) -> Result<usize, GateError> {
    match byte(text, at) {
        Some(b'0') => Ok(at + 1),
        _ => digits(text, at),
    }
}

fn fraction(text: &[u8], at: usize) -> Result<usize, GateError> {
    match byte(text, at) {
        Some(b'.') => digits(text, at + 1),
        _ => Ok(at),
    }
}

/// The offset after the exponent, and its value; zero if there is none.
fn exponent(text: &[u8], at: usize) -> Result<(usize, i64), GateError> {
    if !matches!(byte(text, at), Some(b'e' | b'E')) {
        return Ok((at, 0));
    }
    let signed = matches!(byte(text, at + 1), Some(b'+' | b'-'));
    let start = at + 1 + usize::from(signed);
    let end = digits(text, start)?;
    let size = saturating_value(text.get(start..end).unwrap_or_default());
    let negative = byte(text, at + 1) == Some(b'-');
    Ok((end, if negative { -size } else { size }))
}

/// The offset after one or more digits.
fn digits(text: &[u8], at: usize) -> Result<usize, GateError> {
    let rest = text.get(at..).unwrap_or_default();
    match rest.iter().take_while(|byte| byte.is_ascii_digit()).count() {
        0 if rest.is_empty() => Err(Fault::Truncated.at(text.len())),
        0 => Err(Fault::Syntax.at(at)),
        count => Ok(at + count),
    }
}

fn saturating_value(digits: &[u8]) -> i64 {
    digits.iter().fold(0_i64, |value, digit| {
        value
            .saturating_mul(10)
            .saturating_add(i64::from(digit.wrapping_sub(b'0')))
    })
}

fn is_finite(token: &[u8]) -> bool {
    let text = std::str::from_utf8(token).unwrap_or_default();
    text.parse().is_ok_and(f64::is_finite)
}

#[inline]
fn byte(text: &[u8], at: usize) -> Option<u8> {
    text.get(at).copied()
}
