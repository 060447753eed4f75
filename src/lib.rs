//! Placeholder for the first build.

pub mod wire;
