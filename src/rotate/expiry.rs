//! What time alone does to the identity in use.

use std::time::{Duration, SystemTime};

/// How an identity stands at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing to do.
    Fresh,
    /// Two thirds of its life are over: it should have been renewed.
    Due,
    /// Four fifths are over.
    Late,
    /// It ends within a day, of a life that is longer than a week.
    Critical,
    /// It is over.
    Expired,
    /// It has not begun.
    Early,
}

const DAY: Duration = Duration::from_hours(24);

impl Stage {
    /// The stage of an identity with this validity at `now`.
    #[must_use]
    pub fn of((not_before, not_after): (SystemTime, SystemTime), now: SystemTime) -> Self {
        let Ok(age) = now.duration_since(not_before) else {
            return Self::Early;
        };
        let Ok(left) = not_after.duration_since(now) else {
            return Self::Expired;
        };
        let life = age.saturating_add(left);
        if left < DAY && life > 7 * DAY {
            Self::Critical
        } else if age >= life / 5 * 4 {
            Self::Late
        } else if age >= life / 3 * 2 {
            Self::Due
        } else {
            Self::Fresh
        }
    }

    /// The word of a stage that is an alarm.
    #[must_use]
    pub const fn alarm(self) -> Option<&'static str> {
        match self {
            Self::Due => Some("due"),
            Self::Late => Some("late"),
            Self::Critical => Some("critical"),
            Self::Fresh | Self::Expired | Self::Early => None,
        }
    }

    /// Why an identity at this stage may not be used.
    #[must_use]
    pub const fn bar(self) -> Option<&'static str> {
        match self {
            Self::Expired => Some("identity_expired"),
            Self::Early => Some("identity_not_yet_valid"),
            Self::Fresh | Self::Due | Self::Late | Self::Critical => None,
        }
    }
}
