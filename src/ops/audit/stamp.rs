//! Moments as the records spell them: RFC 3339, UTC, always six digits of a second, so that texts sort as moments do.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Where the log reads the time of day. It may be set back.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

/// 2000-01-01T00:00:00Z in seconds since 1970.
const MILLENNIUM: u64 = 946_684_800;
/// Of the text of a moment, in bytes.
const LENGTH: usize = 27;

impl Clock {
    /// The clock of the system.
    #[must_use]
    pub fn system() -> Self {
        Self::of(SystemTime::now)
    }

    /// Whatever `wall` answers.
    #[must_use]
    pub fn of(wall: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(wall))
    }

    /// Starts at 2000-01-01 and moves with tokio's clock, which tests can stop.
    pub(super) fn still() -> Self {
        let start = Instant::now();
        Self::of(move || UNIX_EPOCH + Duration::from_secs(MILLENNIUM) + start.elapsed())
    }

    /// Microseconds since 1970.
    pub(super) fn micros(&self) -> u64 {
        let since_1970 = (self.0)().duration_since(UNIX_EPOCH).unwrap_or_default();
        since_1970.as_micros().try_into().unwrap_or(u64::MAX)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// Whether a wait of `length` that began at `since` is over. A clock that was set back ends it: to wait until the clock catches up could
/// take hours.
pub(super) const fn is_over(since: u64, length: u64, now: u64) -> bool {
    now < since || now - since >= length
}

/// The text of a moment, such as `2026-01-31T09:05:00.000250Z`.
#[must_use]
pub fn rfc3339(micros: u64) -> String {
    ascii(micros).map(char::from).iter().collect()
}

/// The same as bytes, without an allocation.
pub(super) fn ascii(micros: u64) -> [u8; LENGTH] {
    let seconds = micros / 1_000_000;
    let (year, month, day) = civil(seconds / 86_400);
    let fraction = micros % 1_000_000;
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    for (at, number) in [
        (0, year / 100),
        (2, year),
        (5, month),
        (8, day),
        (11, seconds / 3600 % 24),
        (14, seconds / 60 % 60),
        (17, seconds % 60),
        (20, fraction / 10_000),
        (22, fraction / 100),
        (24, fraction),
    ] {
        if let Some(place) = text.get_mut(at..at + 2) {
            place.copy_from_slice(&pair(number));
        }
    }
    text
}

/// The moment of a text of [`rfc3339`]; `None` for any other text.
pub(super) fn parse(text: &str) -> Option<u64> {
    let number = |from: usize, digits: usize| {
        let digits = text.get(from..from + digits)?;
        digits.parse::<u64>().ok()
    };
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let days = days(year, month, day)?;
    let seconds = days * 86_400 + number(11, 2)? * 3600 + number(14, 2)? * 60 + number(17, 2)?;
    let micros = seconds * 1_000_000 + number(20, 6)?;
    (rfc3339(micros) == text).then_some(micros)
}

/// Days from 1970 to this day, as [`civil`] counts them; `None` before 1970.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let (year, month) = match month {
        1 | 2 => (year.checked_sub(1)?, month + 9),
        _ => (year, month.checked_sub(3)?),
    };
    let of_year = (153 * month + 2) / 5 + day.checked_sub(1)?;
    let days = 365 * year + year / 4 - year / 100 + year / 400 + of_year;
    days.checked_sub(719_468)
}

/// The last two decimal digits of a number.
fn pair(number: u64) -> [u8; 2] {
    let pair = u8::try_from(number % 100).unwrap_or_default();
    [b'0' + pair / 10, b'0' + pair % 10]
}

/// Year, month and day of a day since 1970, in the proleptic Gregorian calendar, counted in years that start in March.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + later, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_text_is_read_as_the_moment_it_was_made_of(micros in 0..253_402_300_800_000_000_u64) {
            prop_assert_eq!(parse(&rfc3339(micros)), Some(micros));
        }

        #[test]
        fn any_other_text_is_no_moment(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}.[0-9]{6}Z|.{0,40}") {
            prop_assert!(parse(&text).is_none_or(|micros| rfc3339(micros) == text));
        }
    }

    #[test]
    fn the_days_between_are_counted() {
        assert_eq!(parse("1970-01-01T00:00:00.000000Z"), Some(0));
        assert_eq!(
            parse("2000-02-29T00:00:01.000002Z"),
            Some(951_782_401_000_002)
        );
        for none in [
            "1969-12-31T23:59:59.999999Z",
            "2001-02-29T00:00:00.000000Z",
            "2000-00-01T00:00:00.000000Z",
            "",
        ] {
            assert_eq!(parse(none), None, "{none}");
        }
    }
}
