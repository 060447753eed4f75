//! What may cross the tunnel.
//!
//! This package is pure: no sockets, no clock, no logging, no task. Bytes and facts go in; a proof or a refusal comes out.
//! It is small on purpose, so that a reviewer can read `decide`, `permit` and `edit` and know that nothing crosses unjudged.
//!
//! In reading order:
//! - [`gate`]: the strict JSON gate; bytes become checked spans or are refused
//! - [`mcp`]: what a gated message is: its envelope, its method, its target
//! - `matcher`: what a value must be
//! - [`document`]: policy text becomes a [`PolicySet`]
//! - [`decide`]: the combining rule
//! - [`permit`]: the proofs [`Permitted`], [`Exchange`] and [`Released`], which nothing else can make
//! - [`edit`]: the closed list of changes made to bytes that were judged
//! - [`headers`]: the header allowlists of both directions; `mirror`: arguments that are repeated in headers
//! - [`refusal`] and [`failure`]: the fixed texts that may leave when a message may not
//! - [`ledger`]: what deciding must remember

mod ask;
mod channel;
pub mod decide;
mod direction;
pub mod document;
pub mod edit;
pub mod failure;
pub mod gate;
pub mod headers;
pub mod ledger;
mod matcher;
pub mod mcp;
mod mirror;
mod moment;
pub mod permit;
mod pin;
mod reason;
mod refers;
pub mod refusal;
mod refused;

pub use channel::{Channel, ChannelError};
pub use direction::Direction;
pub use document::{Mistake, PolicySet};
pub use failure::{Failure, FailureKind, FailureSource};
pub use ledger::{Found, Ledger, PinChange};
pub use matcher::ArgumentFault;
pub use moment::Moment;
pub use permit::{Exchange, Facts, Inbound, Listing, Permitted, Released, Step};
pub use pin::{Pin, Sha256};
pub use refusal::{Reason, Refused};
