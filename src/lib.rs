//! Portcullis, a hardened agent for the Secure MCP Tunnel.

pub mod app;
pub mod cli;
pub mod config;
