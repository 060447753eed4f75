//! Portcullis, the agent. Table of contents, in reading order:
//!
//! - [`edge`]: sockets and TLS.

pub mod edge;
