//! Placeholder for the first build.

mod channel;

pub use channel::{Channel, ChannelError};
