//! Whether a change of rules allows less or more.

/// Which way a change goes. What is not proven to allow less counts as allowing more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// What crosses stays the same.
    #[default]
    Neutral,
    /// Less crosses, and nothing new.
    Tighter,
    /// Something may cross that did not.
    Looser,
}

impl Direction {
    /// The stable word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Tighter => "tighter",
            Self::Looser => "looser",
        }
    }

    /// The way of a rule that may be absent, which allows everything: `narrower` tells whether the new value allows no more than the old.
    pub(crate) fn of<T: PartialEq>(
        old: Option<&T>,
        new: Option<&T>,
        narrower: impl FnOnce(&T, &T) -> bool,
    ) -> Self {
        match (old, new) {
            (None, None) => Self::Neutral,
            (None, Some(_)) => Self::Tighter,
            (Some(_), None) => Self::Looser,
            (Some(old), Some(new)) if old == new => Self::Neutral,
            (Some(old), Some(new)) if narrower(new, old) => Self::Tighter,
            (Some(_), Some(_)) => Self::Looser,
        }
    }

    /// The way of several changes together.
    pub(crate) fn all(ways: impl IntoIterator<Item = Self>) -> Self {
        ways.into_iter().max().unwrap_or_default()
    }
}
