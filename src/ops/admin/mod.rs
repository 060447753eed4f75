//! The two listeners: for probes and scrapers ([`health`]), and for the operator on this machine ([`control`]).
//!
//! Promises: requests are small, few at a time and over soon; what is shown to others than this machine names no reason. The operator's listener
//! is a Unix socket for one user and root.
//! Leaves to others: what is known (`state`), and what a move of the gate does (`gate`, `relay`).

pub mod control;
pub mod files;
mod guard;
pub mod health;
mod http;
pub mod listen;
#[cfg(test)]
mod tests;
