//! Portcullis, a hardened agent for the Secure MCP Tunnel.
//!
//! In reading order:
//! - [`relay`]: one command from poll to post; start at `relay::pipeline`
//! - [`edge`]: sockets; the two doors the relay needs
//! - [`rotate`]: one reload, from a changed file to its use
//! - [`wire`]: the tunnel's own grammar, without I/O
//! - [`config`]: flags, environment and YAML become one checked `Config`
//! - [`app`]: a `Config` becomes running tasks, and they are drained
//! - [`cli`]: the commands
//! - `demo` (feature `demo`): control plane, MCP server and a scene for the real agent, all on loopback
//! - [`ops`]: what operators see
//! - [`runtime`]: plumbing that knows nothing of the domain

pub mod app;
pub mod cli;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
pub mod edge;
pub mod ops;
pub mod relay;
pub mod rotate;
pub mod runtime;
pub mod wire;
