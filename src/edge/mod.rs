//! Sockets: what stands behind the two doors of `relay::port`.
//!
//! [`control`] speaks to the service, [`upstream`] to the private servers; [`net`], [`tls`], [`body`] and [`fault`] are what both use.

pub mod body;
pub mod control;
pub mod fault;
pub mod net;
pub mod tls;
pub mod upstream;
