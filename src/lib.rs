//! Portcullis, a hardened agent for the Secure MCP Tunnel.

#[cfg(feature = "demo")]
pub mod demo;
