//! One refusal: what is recorded of it, and what is posted.

use crate::permit::Released;
use crate::refusal::{CorrelationId, Line, Reason};

/// A message that may not cross: what to record, and the refusal to post.
pub struct Refused {
    pub(crate) reason: Reason,
    pub(crate) line: Option<Line>,
    pub(crate) correlation: CorrelationId,
    pub(crate) method: &'static str,
    pub(crate) tool: Option<String>,
    pub(crate) released: Released,
}

impl Refused {
    /// Why, for the record.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The policy line that decided, if one did; a refusal by default has none.
    #[must_use]
    pub fn line(&self) -> Option<Line> {
        self.line
    }

    /// The catalogue's name of the method that was refused; empty if it could not be read or is not in the catalogue.
    #[must_use]
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// The tool that was asked for, as the caller wrote it, for the record alone.
    #[must_use]
    pub fn tool(&self) -> Option<&str> {
        self.tool.as_deref()
    }

    /// What names this refusal on the wire and in the record.
    #[must_use]
    pub fn correlation(&self) -> CorrelationId {
        self.correlation
    }

    /// The refusal to post.
    #[must_use]
    pub fn into_released(self) -> Released {
        self.released
    }
}
