//! What may cross: the strict JSON gate, the policy document, the decision and its proofs.
//!
//! Pure and synchronous: no sockets, no clock, no logging.

mod channel;
pub mod gate;

pub use channel::{Channel, ChannelError};
