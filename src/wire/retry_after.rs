//! `Retry-After` of the control plane: a number of seconds or an HTTP date.
//!
//! Promises: the wait asked for never exceeds [`MAX`], whatever the peer writes. How it combines with backoff
//! is the caller's affair.

use std::time::{Duration, SystemTime};

/// The longest wait that is honoured (wire sheet 5.3); longer requests are shortened to it.
pub const MAX: Duration = Duration::from_secs(60);

/// Reads a field value against the local clock; `None` when it asks for nothing that can be honoured.
///
/// Digits are seconds, and zero is a valid wait of nothing. A date (RFC 9110, section 5.6.7, any of its three
/// forms) counts from `now`, and one that is not in the future asks for nothing. Signs, fractions and text
/// ask for nothing (RT-003 to RT-007).
#[must_use]
pub fn parse(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim_ascii();
    let wait = if is_number(value) {
        seconds(value)
    } else {
        until(value, now)?
    };
    Some(wait.min(MAX))
}

fn is_number(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit())
}

/// Digits too many for the type are certainly more than [`MAX`].
fn seconds(digits: &str) -> Duration {
    digits.parse().map_or(MAX, Duration::from_secs)
}

fn until(date: &str, now: SystemTime) -> Option<Duration> {
    let wait = httpdate::parse_http_date(date)
        .ok()?
        .duration_since(now)
        .ok()?;
    (!wait.is_zero()).then_some(wait)
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

    /// Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110's examples.
    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)
    }

    #[test]
    fn rt_001_seconds() {
        for (value, secs) in [("5", 5), (" 5\t", 5), ("0", 0), ("60", 60), ("007", 7)] {
            assert_eq!(
                parse(value, now()),
                Some(Duration::from_secs(secs)),
                "{value:?}"
            );
        }
    }

    #[test]
    fn rt_002_dates_count_from_now() {
        for date in [
            "Sun, 06 Nov 1994 08:49:47 GMT",
            "Sunday, 06-Nov-94 08:49:47 GMT",
            "Sun Nov  6 08:49:47 1994",
        ] {
            assert_eq!(parse(date, now()), Some(Duration::from_secs(10)), "{date}");
        }
    }

    #[test]
    fn rt_003_to_005_anything_else_asks_for_nothing() {
        for value in [
            "",
            " ",
            "-1",
            "+5",
            "1.5",
            "5s",
            "soon",
            "1e1",
            "5 5",
            "５",
            "Sun, 06 Nov 1994",
            "0x5",
        ] {
            assert_eq!(parse(value, now()), None, "{value:?}");
        }
    }

    #[test]
    fn rt_006_past_and_present_dates_ask_for_nothing() {
        for date in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:36 GMT",
        ] {
            assert_eq!(parse(date, now()), None, "{date}");
        }
    }

    #[test]
    fn rt_007_long_waits_are_shortened() {
        for value in [
            "61",
            "99999999999999999999999",
            "Mon, 06 Nov 2034 08:49:37 GMT",
        ] {
            assert_eq!(parse(value, now()), Some(MAX), "{value}");
        }
    }

    proptest! {
        #[test]
        fn never_longer_than_the_maximum(value in "[ -~]{0,40}") {
            prop_assert!(parse(&value, now()).is_none_or(|wait| wait <= MAX));
        }
    }
}
