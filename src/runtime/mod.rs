//! Plumbing that knows nothing of the domain: deadlines, backoff, fresh numbers.

pub mod backoff;
pub mod deadline;
pub mod fresh;
