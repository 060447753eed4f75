//! Moments as the records spell them: RFC 3339, UTC, always six digits of a second, so that texts sort as moments do.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Where the log reads the time.
#[derive(Clone, Copy, Debug)]
pub(super) enum Clock {
    /// The clock of the system.
    System,
    /// Starts at 2000-01-01 and moves with tokio's clock, which tests can stop.
    Still(Instant),
}

/// 2000-01-01T00:00:00Z in seconds since 1970.
const MILLENNIUM: u64 = 946_684_800;

impl Clock {
    /// Microseconds since 1970.
    pub(super) fn micros(self) -> u64 {
        let since_1970 = match self {
            Self::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
            Self::Still(start) => Duration::from_secs(MILLENNIUM) + start.elapsed(),
        };
        since_1970.as_micros().try_into().unwrap_or(u64::MAX)
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
    let seconds = micros / 1_000_000;
    let (year, month, day) = civil(seconds / 86_400);
    let mut text = String::with_capacity(27);
    for (number, digits, after) in [
        (year, 4, '-'),
        (month, 2, '-'),
        (day, 2, 'T'),
        (seconds / 3600 % 24, 2, ':'),
        (seconds / 60 % 60, 2, ':'),
        (seconds % 60, 2, '.'),
        (micros % 1_000_000, 6, 'Z'),
    ] {
        push(&mut text, number, digits);
        text.push(after);
    }
    text
}

/// The last so many decimal digits of a number, by pairs.
fn push(text: &mut String, number: u64, digits: u32) {
    if digits > 2 {
        push(text, number / 100, digits - 2);
    }
    let pair = u8::try_from(number % 100).unwrap_or_default();
    text.push(char::from(b'0' + pair / 10));
    text.push(char::from(b'0' + pair % 10));
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
