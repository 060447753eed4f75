//! An operator's request to try a policy: it decides for a time, and then the file does again, unless it was saved meanwhile.

use std::fmt;
use std::time::Duration;

use super::request::Requests;

/// What is asked.
pub enum Trying {
    /// Let this policy decide.
    Begin {
        /// Its text.
        text: Vec<u8>,
        /// For how long.
        within: Duration,
    },
    /// Let the file decide again, now.
    End,
}

impl fmt::Debug for Trying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Begin { .. } => "Begin",
            Self::End => "End",
        })
    }
}

/// Where such requests go; what came of one, or why it cannot be.
pub type Trials = Requests<Trying, Result<String, String>>;
