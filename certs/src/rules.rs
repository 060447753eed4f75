//! What is asked of certificates beyond what every peer asks.

use std::time::Duration;

use crate::Fingerprint;

/// How strict to be where a peer would not refuse: see [`crate::Code::is_warning`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// What is unwise is told.
    #[default]
    Default,
    /// What is unwise is refused, and so is a server whose revocation status is unknown.
    Strict,
}

/// The form the control plane asks client certificates to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// None: for private servers, and where the service asks for nothing.
    #[default]
    Any,
    /// One certificate, signed directly by the CA that was uploaded.
    OpenAiDirect,
    /// Intermediates may be sent along, in order.
    OpenAiChain,
}

/// Whether validity can be judged at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Clock {
    /// The clock follows a time server, or nobody can say that it does not.
    #[default]
    Synchronised,
    /// It is known to follow none.
    Unsynchronised,
}

/// Everything a judgement depends on beside the files and the time.
#[derive(Debug, Clone)]
pub struct Rules {
    /// How strict to be.
    pub profile: Profile,
    /// The form of our own certificate.
    pub form: Form,
    /// The least life a certificate must have left to be put in use.
    pub min_remaining: Duration,
    /// The longest life a certificate should have in all.
    pub max_life: Duration,
    /// Subject alternative names our certificate must carry, in the spelling of [`crate::Entry::names`].
    pub names: Vec<String>,
    /// Whether the certificate may name somebody else than the one in use.
    pub allow_identity_change: bool,
    /// Whether certificate and lists may be older than those in use.
    pub allow_rollback: bool,
    /// The clock `now` was read from.
    pub clock: Clock,
    /// The roots that the servers connected lately are certified by: see [`crate::Roots::anchor_of`].
    pub issuers_seen: Vec<Fingerprint>,
    /// Whether roots may be removed that servers still need.
    pub force_roots: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            profile: Profile::Default,
            form: Form::Any,
            min_remaining: Duration::ZERO,
            max_life: Duration::from_hours(24 * 398),
            names: Vec::new(),
            allow_identity_change: false,
            allow_rollback: false,
            clock: Clock::Synchronised,
            issuers_seen: Vec::new(),
            force_roots: false,
        }
    }
}
