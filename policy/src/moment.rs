//! A moment, as the agent tells it: this package has no clock.

use std::fmt;
use std::time::Duration;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

impl Moment {
    /// The moment so long after 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn after_epoch(passed: Duration) -> Self {
        Self(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX))
    }

    /// How many milliseconds lie between an earlier moment and this one; 0 if it is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The moment of a date and time of day in UTC. `None` before 1970.
    #[must_use]
    pub(crate) fn of(date: (u16, u8, u8), time: (u8, u8, u8), offset_minutes: i16) -> Option<Self> {
        let (hour, minute, second) = time;
        let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        let seconds = days(date) * 86_400 + seconds - i64::from(offset_minutes) * 60;
        Some(Self(u64::try_from(seconds).ok()?.checked_mul(1000)?))
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar; March is counted as the first month, so that leap days come last.
fn days((year, month, day): (u16, u8, u8)) -> i64 {
    let year = i64::from(year) - i64::from(month <= 2);
    let month = (i64::from(month) + 9) % 12;
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The inverse of [`days`].
fn date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (year + era * 400 + next, month, day)
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = i64::try_from(self.0 / 1000).unwrap_or(i64::MAX);
        let (year, month, day) = date(seconds.div_euclid(86_400));
        let of_day = seconds.rem_euclid(86_400);
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn moments_are_counted_as_calendars_do() {
        for (date, time, offset, seconds, shown) in [
            ((1970, 1, 1), (0, 0, 0), 0, 0, "1970-01-01T00:00:00Z"),
            (
                (2000, 2, 29),
                (12, 30, 1),
                0,
                951_827_401,
                "2000-02-29T12:30:01Z",
            ),
            (
                (2026, 12, 31),
                (1, 0, 0),
                60,
                1_798_675_200,
                "2026-12-31T00:00:00Z",
            ),
            (
                (2024, 3, 1),
                (0, 0, 0),
                -90,
                1_709_256_600,
                "2024-03-01T01:30:00Z",
            ),
        ] {
            let moment = Moment::of(date, time, offset).unwrap();
            assert_eq!(
                (moment.0, moment.to_string().as_str()),
                (seconds * 1000, shown)
            );
        }
        assert_eq!(Moment::of((1969, 12, 31), (23, 59, 59), 0), None);
        assert_eq!(Moment(5).since(Moment(9)), 0);
    }
}
