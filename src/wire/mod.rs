//! The tunnel's own grammar: what the control plane writes and what it reads, as bytes and types.
//!
//! Promises: no I/O, no clock, no logging; every decoder takes its caps and applies them before it allocates;
//! arbitrary bytes never panic it; and a spelling that is not exactly the documented one is refused or
//! reported, never guessed at. Judging MCP messages is left to `portcullis_policy`, sockets and headers of
//! requests to `edge`, and what to do about an unusable command to `relay`.

pub mod address;
pub mod api_error;
pub mod command;
pub mod duration;
mod frame;
pub mod headers;
pub mod poll;
pub mod response;
pub mod retry_after;
pub mod server_info;
pub mod sse;
pub mod timestamp;

#[cfg(any(test, feature = "demo"))]
pub mod fuzz;
