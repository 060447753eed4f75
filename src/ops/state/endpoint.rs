//! What is in use at each endpoint, and how the last attempt to replace it ended.

use std::time::{Duration, SystemTime};

use super::{Identity, Inputs, Now};
use crate::ops::event::{Event, PollEvent, PollFault, RotationEvent};

/// One generation of an endpoint: public facts only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Counts the generations of this endpoint from 1.
    pub number: u64,
    /// The client identity, if there is one.
    pub identity: Option<Identity>,
    /// The private roots.
    pub anchors: Vec<Anchor>,
    /// When the first of its revocation lists has to be replaced.
    pub crl_next_update: Option<SystemTime>,
    /// When it was put in use.
    pub loaded: SystemTime,
}

impl Generation {
    /// The first one, with an identity that is valid for long.
    pub(crate) fn for_tests() -> Self {
        let identity = Identity {
            peer: "control plane".to_owned(),
            serial: "01".to_owned(),
            issuer: "CN=issuer".to_owned(),
            sha256: "ab".repeat(32),
            spki: "cd".repeat(32),
            not_before: SystemTime::UNIX_EPOCH,
            not_after: SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40),
        };
        Self {
            number: 1,
            identity: Some(identity),
            anchors: Vec::new(),
            crl_next_update: None,
            loaded: SystemTime::UNIX_EPOCH,
        }
    }
}

/// One private root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// SHA-256 of the certificate, hexadecimal.
    pub sha256: String,
    /// Valid until.
    pub not_after: SystemTime,
}

/// How an endpoint stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// What is in use is right, and the files hold the same.
    Steady,
    /// The files hold what is not valid yet.
    Pending,
    /// The files hold what may not be put in use.
    Rejected,
    /// What is in use is near its end.
    Degraded,
    /// What is in use was revoked.
    Revoked,
    /// What is in use is outside its validity.
    Unusable,
}

impl Condition {
    /// The stable word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Pending => "pending",
            Self::Rejected => "rejected",
            Self::Degraded => "degraded",
            Self::Revoked => "revoked",
            Self::Unusable => "unusable",
        }
    }
}

/// One endpoint.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// `control plane` or a channel.
    pub name: String,
    /// What is in use.
    pub generation: Option<Generation>,
    /// How it stands.
    pub condition: Condition,
    /// Since when.
    pub since: SystemTime,
    /// When its files were last judged, and what came of it: `published`, `rejected`, `pending`.
    pub last: Option<(SystemTime, &'static str)>,
    /// Why they were rejected, as reason codes.
    pub reasons: Vec<&'static str>,
    /// Rejections in a row.
    pub failures: u32,
}

impl Endpoint {
    pub(super) fn new(name: &str, now: Now) -> Self {
        Self {
            name: name.to_owned(),
            generation: None,
            condition: Condition::Steady,
            since: now.wall,
            last: None,
            reasons: Vec::new(),
            failures: 0,
        }
    }

    pub(super) fn note(&mut self, event: &RotationEvent<'_>, now: Now) {
        match *event {
            RotationEvent::Published {
                now: generation, ..
            } => {
                self.generation = Some(generation.clone());
                self.mended();
                self.judged(Condition::Steady, "published", now);
            }
            RotationEvent::Rejected { reasons, .. } => {
                self.reasons = reasons.to_vec();
                self.failures = self.failures.saturating_add(1);
                self.judged(Condition::Rejected, "rejected", now);
            }
            RotationEvent::Pending { .. } => self.judged(Condition::Pending, "pending", now),
            RotationEvent::Unchanged { .. } if self.failures > 0 => {
                self.mended();
                self.judged(Condition::Steady, "unchanged", now);
            }
            RotationEvent::Expiring { .. } => self.turn(Condition::Degraded, now),
            RotationEvent::Unusable { .. } => self.turn(Condition::Unusable, now),
            RotationEvent::Usable => self.turn(Condition::Steady, now),
            RotationEvent::Revoked { .. } => self.turn(Condition::Revoked, now),
            RotationEvent::Triggered { .. }
            | RotationEvent::Unchanged { .. }
            | RotationEvent::Validated { .. }
            | RotationEvent::Canary { .. }
            | RotationEvent::DrainStarted { .. }
            | RotationEvent::DrainEnded { .. }
            | RotationEvent::PeerRevoked { .. }
            | RotationEvent::SecretRefused { .. } => {}
        }
    }

    fn mended(&mut self) {
        self.reasons.clear();
        self.failures = 0;
    }

    fn judged(&mut self, condition: Condition, result: &'static str, now: Now) {
        self.last = Some((now.wall, result));
        self.turn(condition, now);
    }

    fn turn(&mut self, condition: Condition, now: Now) {
        if condition != self.condition {
            self.since = now.wall;
        }
        self.condition = condition;
    }
}

impl Inputs {
    /// The status of the first refusal of what the control plane is shown since that changed; the next one is no news.
    pub fn refused_since_change(&mut self, event: &Event<'_>) -> Option<u16> {
        let Event::Poll(PollEvent::Failed(failure)) = event else {
            return None;
        };
        let status = match failure.fault {
            PollFault::Unauthorized => 401,
            PollFault::Forbidden => 403,
            PollFault::Status(_) | PollFault::Transport | PollFault::Timeout | PollFault::Body => {
                return None;
            }
        };
        self.unproven
            .take_if(|has_begun| *has_begun)
            .map(|_| status)
    }

    /// The client identities in use.
    pub fn identities(&self) -> impl Iterator<Item = &Identity> {
        let generations = self
            .endpoints
            .iter()
            .filter_map(|at| at.generation.as_ref());
        generations.filter_map(|generation| generation.identity.as_ref())
    }
}
