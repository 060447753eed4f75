//! What operators see of a running agent.

pub mod audit;
pub mod log;
