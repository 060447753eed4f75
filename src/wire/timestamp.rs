//! `created_at` of a command: an instant as RFC 3339 spells it.
//!
//! Promises: one strict form (`2026-01-01T00:00:00Z`, an optional fraction, `Z` or a numeric offset,
//! upper-case letters) and a calendar that exists. The result feeds age metrics only; no deadline hangs on a
//! clock that is not ours.

use std::time::{Duration, SystemTime};

const DAYS_TO_1970: i64 = 719_468;
const SECONDS_PER_DAY: i64 = 86_400;

/// Reads an RFC 3339 date-time; `None` for any other text, a date that does not exist, or a leap second.
///
/// Digits of the fraction beyond nanoseconds are checked and dropped.
#[must_use]
pub fn parse(text: &str) -> Option<SystemTime> {
    let (date, rest) = text.as_bytes().split_at_checked("2026-01-01".len())?;
    let (time, rest) = rest.split_at_checked("T00:00:00".len())?;
    let (nanos, rest) = fraction(rest)?;
    let seconds = days(date)? * SECONDS_PER_DAY + second_of_day(time)? - offset_seconds(rest)?;
    instant(seconds)?.checked_add(Duration::from_nanos(nanos))
}

fn instant(seconds: i64) -> Option<SystemTime> {
    let span = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(span)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(span)
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar, with years that start in March so that a leap
/// day comes last.
fn days(date: &[u8]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *date else {
        return None;
    };
    let (year, month, day) = (
        number(&[y1, y2, y3, y4])?,
        number(&[m1, m2])?,
        number(&[d1, d2])?,
    );
    if day == 0 || day > days_in(year, month)? {
        return None;
    }
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - DAYS_TO_1970)
}

fn days_in(year: i64, month: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if leap { 29 } else { 28 }),
        _ => None,
    }
}

fn second_of_day(time: &[u8]) -> Option<i64> {
    let [b'T', h1, h2, b':', m1, m2, b':', s1, s2] = *time else {
        return None;
    };
    let second = number(&[s1, s2]).filter(|s| *s < 60)?;
    Some(minutes(&[h1, h2], &[m1, m2])? * 60 + second)
}

fn fraction(text: &[u8]) -> Option<(u64, &[u8])> {
    let Some(rest) = text.strip_prefix(b".") else {
        return Some((0, text));
    };
    let (digits, rest) =
        rest.split_at_checked(rest.iter().take_while(|b| b.is_ascii_digit()).count())?;
    let nanos = digits
        .iter()
        .chain(std::iter::repeat(&b'0'))
        .take(9)
        .fold(0, |n, d| n * 10 + u64::from(d - b'0'));
    (!digits.is_empty()).then_some((nanos, rest))
}

fn offset_seconds(text: &[u8]) -> Option<i64> {
    let (sign, h, m) = match *text {
        [b'Z'] => return Some(0),
        [b'+', h1, h2, b':', m1, m2] => (1, [h1, h2], [m1, m2]),
        [b'-', h1, h2, b':', m1, m2] => (-1, [h1, h2], [m1, m2]),
        _ => return None,
    };
    Some(sign * minutes(&h, &m)? * 60)
}

fn minutes(hour: &[u8], minute: &[u8]) -> Option<i64> {
    let hour = number(hour).filter(|h| *h < 24)?;
    let minute = number(minute).filter(|m| *m < 60)?;
    Some(hour * 60 + minute)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |n, d| {
        d.is_ascii_digit().then(|| n * 10 + i64::from(d - b'0'))
    })
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

    fn at(seconds: u64, nanos: u32) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos)
    }

    #[test]
    fn cp_007_instants() {
        let cases = [
            ("1970-01-01T00:00:00Z", at(0, 0)),
            ("2026-01-01T00:00:00Z", at(1_767_225_600, 0)),
            ("1994-11-06T08:49:37Z", at(784_111_777, 0)),
            ("2000-02-29T23:59:59Z", at(951_868_799, 0)),
            ("2026-01-01T01:30:00+01:30", at(1_767_225_600, 0)),
            ("2025-12-31T19:00:00-05:00", at(1_767_225_600, 0)),
            ("2026-01-01T00:00:00.5Z", at(1_767_225_600, 500_000_000)),
            ("2026-01-01T00:00:00.000000001999Z", at(1_767_225_600, 1)),
            (
                "1969-12-31T23:59:59.25Z",
                SystemTime::UNIX_EPOCH - Duration::from_millis(750),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let cases = [
            "",
            "2026",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-01-01t00:00:00Z",
            "2026-01-01T00:00:00z",
            "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00,5Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:60Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-32T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2026-01-01T00:00:00+0100",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+01:60",
            "2026-01-01T00:00:00ZZ",
            " 2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00Z\n",
            "+026-01-01T00:00:00Z",
            "２026-01-01T00:00:00Z",
        ];
        for text in cases {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[0-9TZ:.+-]{0,40}") {
            crate::wire::fuzz::texts(text.as_bytes());
        }

        #[test]
        fn agrees_with_http_dates(seconds in 0_u64..253_402_300_800) {
            let http = httpdate::HttpDate::from(at(seconds, 0)).to_string();
            let [_, day, month, year, time, _] = http.split(' ').collect::<Vec<_>>()[..] else { panic!("{http}") };
            let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
            let month = names.iter().position(|n| *n == month).unwrap() + 1;
            prop_assert_eq!(parse(&format!("{year}-{month:02}-{day}T{time}Z")), Some(at(seconds, 0)));
        }
    }
}
