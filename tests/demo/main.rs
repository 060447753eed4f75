//! The demo, and what it is made of: the control plane's contract rule by rule, the recording MCP server, the loopback
//! endpoint, and the scene as a user runs it.

#![cfg(feature = "demo")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod channels;
mod contract;
mod drain;
mod exactly_once;
mod faults;
mod front;
mod mcp_server;
mod on_record;
mod rust_sdk;
mod scene;
mod secrets;
mod serve;
mod stage;
mod trial;
mod vectors;
