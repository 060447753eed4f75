//! Who we are and who they are: client identities, trust roots and what is wrong with them.
//!
//! Promises: an identity that can be used is whole (chain and key belong together) and inside its validity; every
//! refusal carries a stable reason code and one sentence with a remedy; no value of this package prints a key.
//!
//! Leaves to others: sockets, TLS configuration, watching files, logging, and the clock: `now` is always passed in.
//!
//! Reading order: a [`Source`] is read until two readings agree, its [`Texts`] are judged by [`Rules`], and what passes is a [`Material`]. In it,
//! [`Bundle`] is the identity, [`Roots`] the trust and [`Crls`] what was taken back; [`Fault`] is what can be wrong with any of them, [`Entry`] what
//! the log says about a certificate, and [`renew`] when it should have been renewed.

mod certificate;
mod crl;
#[cfg(any(feature = "dev", test))]
pub mod dev;
mod digest;
mod fault;
pub mod files;
mod identity;
mod inventory;
mod material;
mod pem;
pub mod renew;
mod roots;
mod rules;
mod signature;
mod source;
mod validity;

pub use crl::{Crl, Crls};
pub use digest::{Fingerprint, hex};
pub use fault::{Code, Fault, Part};
pub use identity::Bundle;
pub use inventory::Entry;
pub use material::{Material, Rejected};
pub use roots::Roots;
pub use rules::{Clock, Form, Profile, Rules};
pub use source::{Listed, Settling, Source, Step, Texts};
pub use validity::Validity;
