//! `portcullis demo`: the whole path of a message on one machine, with the real agent in the middle.
//!
//! Promises: everything is on loopback, every certificate is made anew and thrown away, and nothing is left behind.
//! The servers here are ordinary modules, so that the end-to-end tests stand on them too.
//!
//! Reading order: [`scene`] plays, [`serve`] stays up; `stage` sets up what both need; [`control_plane`] and
//! [`mcp_server`] are the peers of the agent, [`front`] the way in for any MCP client; [`net`] is their floor.
//!
//! Leaves to others: being a control plane or an MCP server for anything but a demo or a test. Feature `demo` only.

pub mod agent;
pub mod control_plane;
mod folder;
pub mod front;
pub mod mcp_server;
pub mod net;
pub mod policy;
pub mod scene;
pub mod serve;
mod stage;
mod token;

pub use stage::{Plan, Stage, Upstream};
