//! Pins before a running agent: its own listing, what the server changes between sessions and in one, and the tools that write and compare
//! pins against a live server.

#![cfg(feature = "demo")]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod bounded;
mod changes;
mod first;
mod mirrored;
mod modern;
mod place;
#[path = "../support/mod.rs"]
mod support;
mod tools;
