//! Sockets: what stands behind the two doors of `relay::port`.
//!
//! [`control`] speaks to the service, [`upstream`] to the private servers; both stand on [`net`], a peer whose roots, identity and client
//! are replaced whole, and on what it is made of: [`tls`], [`connections`], [`handshake`], [`body`] and [`fault`].

pub mod body;
mod connect;
pub mod connections;
pub mod control;
pub mod fault;
pub mod handshake;
mod lease;
pub mod net;
mod stream;
pub mod tls;
pub mod upstream;
