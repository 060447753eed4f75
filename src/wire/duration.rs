//! `response_timeout` of a command: one number and one unit.
//!
//! Promises: exactly the documented grammar. The reference client runs a command whose timeout it cannot read
//! without any deadline; here the caller gets `None`, keeps its own maximum (E9) and can report the oddity.

use std::time::Duration;

/// Reads ASCII digits followed by exactly one of `ns`, `us`, `ms`, `s`, `m`, `h`; `None` for anything else.
///
/// Signs, fractions, spaces and compounds are not part of the grammar, and the product must fit a signed
/// 64-bit count of nanoseconds (WT-004 to WT-030). Zero is a valid, already expired timeout.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, unit) = text.split_at_checked(unit_at)?;
    let nanos = digits.parse::<u64>().ok()?.checked_mul(nanos_per(unit)?)?;
    i64::try_from(nanos).ok()?;
    Some(Duration::from_nanos(nanos))
}

fn nanos_per(unit: &str) -> Option<u64> {
    match unit {
        "ns" => Some(1),
        "us" => Some(1_000),
        "ms" => Some(1_000_000),
        "s" => Some(1_000_000_000),
        "m" => Some(60_000_000_000),
        "h" => Some(3_600_000_000_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wt_004_to_013_valid() {
        let cases = [
            ("30s", Duration::from_secs(30)),
            ("4500ms", Duration::from_millis(4500)),
            ("1ns", Duration::from_nanos(1)),
            ("1us", Duration::from_micros(1)),
            ("1ms", Duration::from_millis(1)),
            ("2m", Duration::from_mins(2)),
            ("3h", Duration::from_hours(3)),
            ("0s", Duration::ZERO),
            ("0h", Duration::ZERO),
            (
                "9223372036854775807ns",
                Duration::from_nanos(9_223_372_036_854_775_807),
            ),
            ("0000000000000000000000030s", Duration::from_secs(30)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn wt_014_to_030_e9_malformed() {
        let cases = [
            "",
            "s",
            "not-a-duration",
            "-1s",
            "-0s",
            "+1s",
            "0",
            "4.5s",
            "1m30s",
            " 1s",
            "1s ",
            "1s\n",
            "1e3s",
            "1d",
            "1S",
            "1µs",
            "1 s",
            "１s",
            "9223372036854775808ns",
            "2562048h",
            "18446744073709551616ns",
            "99999999999999999999999999s",
        ];
        for text in cases {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}|[0-9]{0,25}(ns|us|ms|s|m|h)") {
            crate::wire::fuzz::texts(text.as_bytes());
        }

        #[test]
        fn every_whole_number_of_milliseconds_is_exact(millis in 0..9_223_372_036_854_u64) {
            prop_assert_eq!(parse(&format!("{millis}ms")), Some(Duration::from_millis(millis)));
        }
    }
}
