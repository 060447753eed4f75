//! What both embedded servers stand on: a loopback listener and a small client, with or without mutual TLS, over
//! HTTP/1.1 and HTTP/2.
//!
//! Promises: loopback only, a free port, and nothing left running once the [`Listener`] is dropped.
//! Leaves to others: what a request means.

pub mod body;
mod client;
mod door;
mod listener;
mod peer;
mod record;

pub use body::{Body, Cut};
pub use client::{Client, ClientError};
pub use door::{Door, DoorError};
pub use listener::{Handler, Listener, Visit};
pub use peer::Peer;
pub use record::Record;
