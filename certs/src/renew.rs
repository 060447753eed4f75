//! When an identity should have been renewed: what time alone says.
//!
//! Promises: pure; the stages of one life follow each other in the order of [`Stage`], and [`next_look`] names the moment of the next.

use std::time::{Duration, SystemTime};

use crate::Validity;

/// How an identity stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It has not begun.
    Early,
    /// Nothing to do.
    Fresh,
    /// Two thirds of its life are over: it should have been renewed.
    Due,
    /// Four fifths are over.
    Late,
    /// It ends within a day, of a life longer than a week: the day of a short-lived certificate is its ordinary one.
    Critical,
    /// It is over.
    Expired,
}

const DAY: Duration = Duration::from_hours(24);
const LONG_LIFE: Duration = Duration::from_hours(7 * 24);

/// The stage of `validity` at `now`.
#[must_use]
pub fn stage(validity: Validity, now: SystemTime) -> Stage {
    if now > validity.not_after {
        return Stage::Expired;
    }
    let begun = bounds(validity).into_iter().rev();
    let mut begun = begun.filter(|(_, from)| *from <= now);
    begun.next().map_or(Stage::Early, |(stage, _)| stage)
}

/// When the stage changes next; nothing once it has expired. Timers stop while a machine sleeps, so look at the clock at least once a minute besides.
#[must_use]
pub fn next_look(validity: Validity, now: SystemTime) -> Option<SystemTime> {
    let bounds = bounds(validity).into_iter().map(|(_, from)| from);
    // Expiry is the first moment after the last of its life.
    let over = validity.not_after + Duration::from_nanos(1);
    bounds.chain([over]).find(|from| *from > now)
}

/// The first moment of each stage up to the last that is not the end, in order of time.
fn bounds(validity: Validity) -> Vec<(Stage, SystemTime)> {
    let Validity {
        not_before,
        not_after,
    } = validity;
    let life = not_after.duration_since(not_before).unwrap_or_default();
    let mut bounds = vec![
        (Stage::Fresh, not_before),
        (Stage::Due, not_before + life / 3 * 2),
        (Stage::Late, not_before + life / 5 * 4),
    ];
    // Of a life so long, the last day begins after four fifths.
    if life > LONG_LIFE {
        bounds.push((Stage::Critical, not_after - DAY));
    }
    bounds
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::UNIX_EPOCH;

    use super::*;

    fn days(count: u64) -> Duration {
        DAY * u32::try_from(count).unwrap()
    }

    fn of(life: Duration) -> Validity {
        Validity {
            not_before: UNIX_EPOCH,
            not_after: UNIX_EPOCH + life,
        }
    }

    #[test]
    fn a_long_life_passes_every_stage_at_its_bounds() {
        let month = of(days(30));
        let second = Duration::from_secs(1);
        for (at, expected) in [
            (UNIX_EPOCH - second, Stage::Early),
            (UNIX_EPOCH, Stage::Fresh),
            (UNIX_EPOCH + days(20) - second, Stage::Fresh),
            (UNIX_EPOCH + days(20), Stage::Due),
            (UNIX_EPOCH + days(24), Stage::Late),
            (UNIX_EPOCH + days(29), Stage::Critical),
            (UNIX_EPOCH + days(30), Stage::Critical),
            (UNIX_EPOCH + days(30) + second, Stage::Expired),
        ] {
            assert_eq!(stage(month, at), expected, "{at:?}");
        }
    }

    /// A certificate of one minute is fresh for forty seconds and never critical.
    #[test]
    fn a_short_life_is_not_always_critical() {
        let minute = of(Duration::from_secs(60));
        let at = |seconds| stage(minute, UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(
            [at(0), at(39), at(40), at(48), at(60), at(61)],
            [
                Stage::Fresh,
                Stage::Fresh,
                Stage::Due,
                Stage::Late,
                Stage::Late,
                Stage::Expired
            ]
        );
    }

    #[test]
    fn looking_when_told_sees_every_stage_once() {
        for life in [Duration::from_secs(60), days(7), days(8), days(398)] {
            let validity = of(life);
            let mut now = UNIX_EPOCH - DAY;
            let mut seen = vec![stage(validity, now)];
            while let Some(next) = next_look(validity, now) {
                assert!(next > now);
                now = next;
                seen.push(stage(validity, now));
            }
            assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
            assert_eq!(seen.last(), Some(&Stage::Expired));
        }
    }
}
