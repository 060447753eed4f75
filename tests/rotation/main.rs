//! Rotation of the real agent, as a process between a control plane and an MCP server that note who sent each request.
//!
//! Proves: certificates, keys, roots and secrets that change on disk are taken up without a restart and without a lost call; what may not be used
//! is refused with its reason while the old goes on; nothing that begins after a rotation is sent under the old identity.

#![cfg(feature = "demo")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod files;
mod hostile;
mod issuer;
mod life;
mod load;
mod mounts;
mod place;
mod policy;
mod rejected;
mod trial;
mod trust;
mod vectors;
