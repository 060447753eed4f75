//! One command from poll to post. Start reading at [`pipeline`].
//!
//! The relay knows no sockets: [`port`] names the two doors it needs. It decides nothing itself either: every message goes through
//! `portcullis_policy`, and only the proofs that come back can be sent.

pub mod admission;
pub mod outcome;
pub mod pipeline;
pub mod polling;
pub mod port;
pub mod refuse;
