//! Durations as the reference client writes them: `30s`, `10m`, `1h30m`, `500ms`, `1.5h`.
//!
//! Promises: exact to the nanosecond, never overflows, never negative.
//! Leaves to others: the bounds of each setting.

use std::time::Duration;

use super::mistake::Fault;

const EXAMPLES: &str =
    "write a number with a unit of ns, us, ms, s, m or h, such as `30s` or `1h30m`";
const LONGEST_NUMBER: usize = 18;

/// A non-negative duration. `0` needs no unit.
pub fn parse(text: &str) -> Result<Duration, Fault> {
    if text.starts_with('-') {
        return Err(Fault::new("is negative", EXAMPLES));
    }
    let nanos = total(text.strip_prefix('+').unwrap_or(text))
        .ok_or_else(|| Fault::new("is not a duration", EXAMPLES))?;
    u64::try_from(nanos)
        .map(Duration::from_nanos)
        .map_err(|_| Fault::new("is too long a duration", EXAMPLES))
}

fn total(text: &str) -> Option<u128> {
    if text == "0" {
        return Some(0);
    }
    let (mut sum, mut rest) = term(text)?;
    while !rest.is_empty() {
        let (nanos, after) = term(rest)?;
        sum = sum.checked_add(nanos)?;
        rest = after;
    }
    Some(sum)
}

/// One number with its unit, and what follows.
fn term(text: &str) -> Option<(u128, &str)> {
    let in_number = |c: char| c.is_ascii_digit() || c == '.';
    let (number, rest) = text.split_at(text.find(|c| !in_number(c))?);
    let (unit, rest) = rest.split_at(rest.find(in_number).unwrap_or(rest.len()));
    Some((scaled(number, nanos_per(unit)?)?, rest))
}

fn scaled(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if number.len() > LONGEST_NUMBER || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let digits = |text: &str| {
        if text.is_empty() {
            Some(0)
        } else {
            text.parse::<u128>().ok()
        }
    };
    let ten = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part = digits(fraction)?.checked_mul(unit)?.checked_div(ten)?;
    digits(whole)?.checked_mul(unit)?.checked_add(part)
}

fn nanos_per(unit: &str) -> Option<u128> {
    match unit {
        "ns" => Some(1),
        "us" | "µs" | "μs" => Some(1_000),
        "ms" => Some(1_000_000),
        "s" => Some(1_000_000_000),
        "m" => Some(60_000_000_000),
        "h" => Some(3_600_000_000_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_forms_of_the_reference_are_read() {
        for (text, nanos) in [
            ("0", 0),
            ("0s", 0),
            ("1ns", 1),
            ("500ms", 500_000_000),
            ("30s", 30_000_000_000),
            ("+5s", 5_000_000_000),
            ("1.5h", 5_400_000_000_000),
            (".5s", 500_000_000),
            ("2.s", 2_000_000_000),
            ("1h30m", 5_400_000_000_000),
            ("0h1m", 60_000_000_000),
            ("3us", 3_000),
            ("3µs", 3_000),
        ] {
            assert_eq!(parse(text).unwrap(), Duration::from_nanos(nanos), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "s",
            "5",
            "10",
            "1d",
            "5 s",
            " 5s",
            "-1s",
            "1.2.3s",
            ".s",
            "1s2",
            "1e3s",
            "one",
            "0x1s",
            "99999999999h",
            "9999999999999999999999s",
            "1S",
            "++1s",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
