//! One endpoint as rotation sees it: its files on one hand, its peer on the other.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use portcullis_certs::{Clock, Fingerprint, Profile, Rules, Validity};

use super::seen::Seen;
use super::source::{Material, Source, Texts, reasons};
use crate::edge::net::{Generation, Lease, Peer, Retired, SendError};
use crate::edge::tls::{Parts, Tls};
use crate::ops::state;
use crate::rotate::clock;
use crate::rotate::port::{Digest, Endpoint, Force, Published, Reason, Trial, Verdict};
use crate::runtime::slot::Slot;

/// What becomes of the roots and the identity, for this peer.
pub(super) type Dress = Box<dyn Fn(Parts) -> Result<Tls, rustls::Error> + Send + Sync>;
/// What requests carry, made of the secrets.
pub(super) type Carry<S> = Box<dyn Fn(&Material) -> Option<S> + Send + Sync>;
/// One harmless request under a candidate, and the right to make one under what is in use.
pub(super) type Canary<S> =
    Box<dyn Fn(Lease<S>, Result<Lease<S>, SendError>) -> Trying + Send + Sync>;
type Trying = Pin<Box<dyn Future<Output = Trial> + Send>>;

/// How the material of one endpoint is put to use.
pub(super) struct Use<S> {
    /// The TLS of this peer.
    pub(super) dress: Dress,
    /// What its requests carry.
    pub(super) carry: Carry<S>,
    /// How a candidate is tried; none where it is not.
    pub(super) canary: Option<Canary<S>>,
    /// What is asked of its certificates.
    pub(super) rules: Rules,
    /// SHA-256 of the public keys its server may have; any if there are none.
    pub(super) pins: Vec<Fingerprint>,
    /// Whether nothing works without it.
    pub(super) is_vital: bool,
}

/// See the module.
pub(super) struct Side<S> {
    source: Source,
    uses: Use<S>,
    peer: Arc<Peer<S>>,
    seen: Arc<Seen>,
    in_use: Slot<Material>,
}

/// What passed, built and not yet in use.
pub(super) struct Candidate<S> {
    generation: Arc<Generation<S>>,
    material: Material,
}

impl<S> Use<S> {
    /// What a connection is made with, and what its requests carry.
    pub(super) fn of(&self, material: &Material) -> anyhow::Result<(Tls, S)> {
        let verifier = material.certs.server_verifier(self.rules.profile);
        let parts = Parts::verified_by(verifier.context("could not set up the roots")?);
        let parts = match material.certs.identity() {
            Some(identity) => parts.with_identity(Arc::clone(identity)),
            None => parts,
        };
        let parts = parts
            .with_pins(self.pins.clone())
            .must_ask(self.rules.profile == Profile::Strict);
        let tls = (self.dress)(parts).context("could not set up TLS")?;
        let carried = (self.carry)(material).context("could not build the headers")?;
        Ok((tls, carried))
    }
}

impl<S> Side<S> {
    pub(super) fn new(
        (source, uses): (Source, Use<S>),
        peer: Arc<Peer<S>>,
        seen: Arc<Seen>,
        first: Material,
    ) -> Self {
        Self {
            source,
            uses,
            peer,
            seen,
            in_use: Slot::new(first),
        }
    }

    fn rules(&self, force: Force) -> Rules {
        let believed = self.in_use.current();
        Rules {
            allow_identity_change: force.identity,
            allow_rollback: force.rollback,
            force_roots: force.roots,
            clock: clock(),
            issuers_seen: self.seen.anchors(believed.certs.roots()),
            ..self.uses.rules.clone()
        }
    }

    fn accept(&self, material: Material) -> Verdict<Candidate<S>> {
        let (tls, carried) = match self.uses.of(&material) {
            Ok(built) => built,
            Err(error) => {
                return Verdict::Rejected(vec![Reason {
                    code: "tls_unusable",
                    sentence: format!("{error:#}; check the kind of the key"),
                }]);
            }
        };
        let generation = self.peer.prepare(tls, carried);
        let facts = material.facts(&self.source.name, generation.number());
        let warnings = material.certs.warnings().iter();
        Verdict::Accepted {
            warnings: warnings.map(|fault| fault.code().label()).collect(),
            candidate: Candidate {
                generation,
                material,
            },
            facts: Box::new(facts),
        }
    }
}

/// Revocation is a security event: what it names is cut at once, and not drained.
fn sweep(next: &Material, before: &Material, retired: &Retired) -> usize {
    let crls = next.certs.crls().clone();
    if crls.lists().is_empty() {
        return 0;
    }
    let own = before.certs.identity().map(|identity| identity.ders());
    let own_is_revoked = own
        .unwrap_or_default()
        .iter()
        .any(|der| crls.revokes_certificate(der));
    retired.connections.sweep(Arc::new(move |chain| {
        own_is_revoked || chain.iter().any(|der| crls.revokes_certificate(der))
    }))
}

fn clock() -> Clock {
    match clock::synchronised(Path::new(clock::TIME_CLIENT)) {
        Some(false) => Clock::Unsynchronised,
        Some(true) | None => Clock::Synchronised,
    }
}

impl<S: Send + Sync + 'static> Endpoint for Side<S> {
    type Texts = Texts;
    type Candidate = Candidate<S>;
    type Retired = Retired;

    fn name(&self) -> &str {
        &self.source.name
    }

    fn is_vital(&self) -> bool {
        self.uses.is_vital
    }

    fn read(&self) -> Result<(Digest, Texts), Vec<Reason>> {
        let read = self.source.read();
        read.map_err(|(faults, others)| [reasons(&faults), others].concat())
    }

    fn judge(&self, texts: Texts, force: Force, now: SystemTime) -> Verdict<Candidate<S>> {
        let (rules, previous) = (self.rules(force), self.in_use.current());
        match self.source.judge(texts, &rules, Some(&previous), now) {
            Ok(material) => self.accept(material),
            Err(rejected) if rejected.revokes_previous => {
                Verdict::Revoked(reasons(&rejected.faults))
            }
            Err(rejected) => match rejected.pending_until {
                Some(until) => Verdict::Pending { until },
                None => Verdict::Rejected(reasons(&rejected.faults)),
            },
        }
    }

    async fn try_out(&self, candidate: &Candidate<S>) -> Trial {
        match &self.uses.canary {
            Some(canary) => canary(candidate.generation.trial(), self.peer.lease()).await,
            None => Trial::Skipped,
        }
    }

    fn publish(&self, candidate: Candidate<S>) -> Published<Retired> {
        let retired = self.peer.publish(candidate.generation);
        let next = candidate.material;
        let connections = retired.connections.count();
        let revoked = sweep(&next, &self.in_use.current(), &retired);
        self.in_use.publish(next);
        Published {
            before: retired.number,
            connections,
            retired,
            revoked,
        }
    }

    async fn drain(retired: Retired, within: Duration) -> usize {
        retired.drain(within).await
    }

    fn revoke(&self) -> usize {
        self.peer.revoke()
    }

    fn validity(&self) -> Option<Validity> {
        self.peer.current().validity()
    }
}

/// The facts of the first generation, for who is told at start.
pub(super) fn first(source: &Source, material: &Material) -> state::Generation {
    material.facts(&source.name, 1)
}
