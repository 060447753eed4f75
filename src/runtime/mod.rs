//! Plumbing that knows nothing of the domain: deadlines, backoff, fresh numbers, panics as values.

pub mod backoff;
pub mod caught;
pub mod deadline;
pub mod fresh;
pub mod slot;
