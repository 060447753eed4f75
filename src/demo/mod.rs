//! `portcullis demo`: the whole path of a message on one machine, with the real agent in the middle.
//!
//! Promises: everything is on loopback, every certificate is made anew and thrown away, and nothing is left behind.
//! The servers here are ordinary modules, so that the end-to-end tests stand on them too.
//!
//! Leaves to others: being a control plane or an MCP server for anything but a demo or a test. Feature `demo` only.

pub mod control_plane;
pub mod mcp_server;
pub mod net;
mod token;
