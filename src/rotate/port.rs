//! What an endpoint has to be able to do to be rotated; tests put memory behind it.

use std::future::Future;
use std::time::{Duration, SystemTime};

use portcullis_certs::Validity;

pub use crate::ops::reload::Force;
use crate::ops::state::Generation;

/// SHA-256 over the names and contents of everything that was read.
pub type Digest = [u8; 32];

/// One endpoint: the control plane, or the server of one channel.
pub trait Endpoint: Send + Sync + 'static {
    /// What its files hold, read at one moment.
    type Texts: Send + 'static;
    /// What may be published.
    type Candidate: Send + Sync + 'static;
    /// What is left of a generation that was replaced.
    type Retired: Send + 'static;

    /// How far apart two readings are that must agree. Several files are written one after the other; one file alone may ask for less.
    const APART: Duration = Duration::from_millis(100);

    /// `control plane`, or the channel.
    fn name(&self) -> &str;

    /// Whether nothing can be done without it: then an identity that cannot be used lowers the gate.
    fn is_vital(&self) -> bool;

    /// Reads all its files. Blocks.
    ///
    /// # Errors
    /// Every reason they cannot be read.
    fn read(&self) -> Result<(Digest, Self::Texts), Vec<Reason>>;

    /// Judges what was read. Blocks for as long as signatures take.
    fn judge(&self, texts: Self::Texts, force: Force, now: SystemTime) -> Verdict<Self::Candidate>;

    /// Makes one complete harmless request with the candidate.
    fn try_out(&self, candidate: &Self::Candidate) -> impl Future<Output = Trial> + Send;

    /// Puts the candidate in use.
    fn publish(&self, candidate: Self::Candidate) -> Published<Self::Retired>;

    /// Returns when nothing of the old generation is left, and cuts what is left after `within`; how many connections that were.
    fn drain(retired: Self::Retired, within: Duration) -> impl Future<Output = usize> + Send;

    /// Cuts every connection of the generation in use, and lets nothing be sent under it; how many connections that were.
    fn revoke(&self) -> usize;

    /// From when until when the identity in use may be used; nothing without one.
    fn validity(&self) -> Option<Validity>;
}

/// One reason against what was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The stable word.
    pub code: &'static str,
    /// What is wrong, where, and what to do; nothing of a secret.
    pub sentence: String,
}

/// What came of judging.
#[derive(Debug)]
pub enum Verdict<C> {
    /// It may be put in use.
    Accepted {
        /// It.
        candidate: C,
        /// Its public facts.
        facts: Box<Generation>,
        /// Reason codes that are no reason to refuse.
        warnings: Vec<&'static str>,
    },
    /// It is not valid yet, and nothing else is wrong.
    Pending {
        /// When it will be.
        until: SystemTime,
    },
    /// It may not.
    Rejected(Vec<Reason>),
    /// The identity in use was revoked, and no other was given.
    Revoked(Vec<Reason>),
}

/// What came of trying a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trial {
    /// Its request was answered.
    Passed,
    /// The peer does not want it. Stable word.
    Refused(String),
    /// The peer was not reached, which says nothing of the candidate. Stable word.
    Unreached(String),
    /// This endpoint is not tried.
    Skipped,
}

/// What publishing left to do.
#[derive(Debug)]
pub struct Published<R> {
    /// The number of the generation that was replaced.
    pub before: u64,
    /// Its open connections.
    pub connections: usize,
    /// What is left of it.
    pub retired: R,
    /// Connections that were cut because the server was revoked.
    pub revoked: usize,
}
