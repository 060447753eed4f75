//! How the pass asks what a member is for, and says where its value was.

use super::levels::{Level, Slot};
use super::{Fault, Span};

/// What wants to know of members at reserved levels.
pub(super) trait Watch {
    /// What to do with the value of member `key` (unescaped) of an object at `level`.
    fn member(&mut self, level: Level, key: &[u8]) -> Result<Plan, Fault>;

    /// The place of a value whose plan said to keep it.
    fn found(&mut self, keep: Keep, span: Span);
}

/// Where to keep the place of a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Keep {
    /// Nowhere.
    No,
    /// In a slot.
    Slot(Slot),
    /// As the value that is not judged here, only skipped.
    Opaque,
}

/// What to do with a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) keep: Keep,
    /// The level of the value, if it is an object.
    pub(super) level: Level,
}

impl Plan {
    /// The text's one object.
    pub(super) const ENVELOPE: Self = Self {
        keep: Keep::No,
        level: Level::Envelope,
    };

    /// A value without a meaning for us.
    pub(super) const FREE: Self = Self {
        keep: Keep::No,
        level: Level::Free,
    };
}
