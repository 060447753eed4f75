//! Why the log cannot be opened: what is wrong, and what to do.

use std::fmt;
use std::io;
use std::path::Path;

/// One reason, with its remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    problem: String,
    remedy: &'static str,
}

impl Fault {
    pub(super) fn new(problem: impl Into<String>, remedy: &'static str) -> Self {
        let problem = problem.into();
        Self { problem, remedy }
    }

    /// Something that the system did not let us do.
    pub(super) fn io(what: &str, path: &Path, error: &io::Error) -> Self {
        let problem = format!("could not {what} `{}`: {error}", path.display());
        Self::new(
            problem,
            "give the agent's user this folder, on a disk with room",
        )
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the audit log: {}; {}", self.problem, self.remedy)
    }
}

impl std::error::Error for Fault {}
