//! What operators see of a running agent.

pub mod log;
