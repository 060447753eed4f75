//! What can happen when the certificates, roots and secrets of one endpoint are read again.

use std::time::{Duration, SystemTime};

use super::super::state::Generation;

/// What can happen to the generations of one endpoint.
#[derive(Clone, Copy, Debug)]
pub enum RotationEvent<'a> {
    /// Its files are read again.
    Triggered {
        /// The stable word for what asked for it.
        trigger: &'static str,
    },
    /// They hold what is in use.
    Unchanged {
        /// The stable word for what asked for it.
        trigger: &'static str,
    },
    /// They may not be put in use; what is in use stays.
    Rejected {
        /// The stable word for what asked for it.
        trigger: &'static str,
        /// Every reason code.
        reasons: &'a [&'static str],
        /// The same as sentences with their remedies.
        detail: &'a str,
        /// How long until they are judged again without being asked.
        retry_in: Duration,
        /// Whether it is told for the first time of these files and reasons.
        is_news: bool,
    },
    /// They hold a certificate that is not valid yet, and nothing else is wrong.
    Pending {
        /// When it will be valid.
        until: SystemTime,
        /// Whether what is in use ends before that.
        leaves_a_gap: bool,
    },
    /// They may be put in use, and will be now.
    Validated {
        /// What asked for it.
        trigger: &'static str,
        /// The generation they become.
        next: &'a Generation,
        /// What deserves a look although it is no reason to refuse: reason codes.
        warnings: &'a [&'static str],
    },
    /// A candidate was tried with one harmless request.
    Canary {
        /// `passed`, `refused`, `unreached`, `skipped`.
        result: &'static str,
        /// Why, or empty.
        why: &'a str,
    },
    /// A generation is in use.
    Published {
        /// What asked for it.
        trigger: &'static str,
        /// What is in use now.
        now: &'a Generation,
        /// From the event that asked for it.
        took: Duration,
    },
    /// What the generation before was doing is being finished.
    DrainStarted {
        /// Its number.
        generation: u64,
        /// Its open connections.
        connections: usize,
    },
    /// Nothing of it is left.
    DrainEnded {
        /// Its number.
        generation: u64,
        /// Connections that were cut because the time was over.
        forced: usize,
        /// How long it took.
        took: Duration,
    },
    /// The certificate in use is near its end.
    Expiring {
        /// `due`, `late`, `critical`.
        stage: &'static str,
        /// Its end.
        not_after: SystemTime,
    },
    /// The certificate in use cannot be used: it is past its end, or not valid yet.
    Unusable {
        /// `identity_expired` or `identity_not_yet_valid`.
        reason: &'static str,
    },
    /// It can be used again.
    Usable,
    /// The certificate in use was revoked; its connections were cut.
    Revoked {
        /// How many.
        connections: usize,
    },
    /// Servers that are connected were revoked; their connections were cut.
    PeerRevoked {
        /// How many.
        connections: usize,
    },
    /// The service refuses a secret since it changed.
    SecretRefused {
        /// The HTTP status.
        status: u16,
    },
}
