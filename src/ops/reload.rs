//! An operator's request to read every file again now.

use super::request::Requests;

/// What an operator may override.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Force {
    /// A root may go although peers that are connected stand under it.
    pub roots: bool,
    /// The certificate may be for another name.
    pub identity: bool,
    /// The certificate may be older than the one in use.
    pub rollback: bool,
}

impl Force {
    /// What either overrides.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            roots: self.roots || other.roots,
            identity: self.identity || other.identity,
            rollback: self.rollback || other.rollback,
        }
    }
}

/// Where such requests go; what came of one is a line for each endpoint.
pub type Reloads = Requests<Force, Vec<String>>;
