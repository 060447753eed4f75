//! What a gated message is.
//!
//! Everything here reads from [`crate::gate::Gated`], never from raw bytes: [`envelope`] tells requests, notifications and answers
//! apart, [`catalogue`] knows the methods by name and class, [`revision`] the protocol revisions.

pub mod catalogue;
pub mod envelope;
pub mod revision;
pub(crate) mod uri;
