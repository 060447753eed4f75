//! Who we are and who they are: client identities, trust roots and what is wrong with them.
//!
//! Promises: an identity that can be used is whole (chain and key belong together) and inside its validity; every
//! refusal carries a stable reason code and one sentence with a remedy; no value of this package prints a key.
//!
//! Leaves to others: sockets, TLS configuration, watching files, logging, and the clock: `now` is always passed in.
//!
//! Reading order: [`Bundle`] is the identity, [`Roots`] the trust, [`Fault`] what can be wrong with either,
//! [`Entry`] what the log says about a certificate.

mod certificate;
#[cfg(any(feature = "dev", test))]
pub mod dev;
mod fault;
pub mod files;
mod identity;
mod inventory;
mod pem;
mod roots;
mod validity;

pub use fault::{Code, Fault, Part};
pub use identity::Bundle;
pub use inventory::Entry;
pub use roots::Roots;
pub use validity::Validity;
