//! One endpoint as rotation sees it: its files on one hand, its peer on the other.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;

use super::source::{Material, Source, Texts, reasons};
use crate::edge::net::{Generation, Lease, Peer, Retired, SendError};
use crate::edge::tls::{Parts, Tls};
use crate::ops::state;
use crate::rotate::port::{Digest, Endpoint, Force, Published, Reason, Trial, Verdict};

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
    /// Whether nothing works without it.
    pub(super) is_vital: bool,
}

/// See the module.
pub(super) struct Side<S> {
    source: Source,
    uses: Use<S>,
    peer: Arc<Peer<S>>,
}

/// What passed, built and not yet in use.
pub(super) struct Candidate<S>(Arc<Generation<S>>);

impl<S> Use<S> {
    /// What a connection is made with, and what its requests carry.
    pub(super) fn of(&self, material: &Material) -> anyhow::Result<(Tls, S)> {
        let parts = Parts::new(material.roots.clone());
        let parts = match &material.identity {
            Some(identity) => parts.with_identity(Arc::clone(identity)),
            None => parts,
        };
        let tls = (self.dress)(parts).context("could not set up TLS")?;
        let carried = (self.carry)(material).context("could not build the headers")?;
        Ok((tls, carried))
    }
}

impl<S> Side<S> {
    pub(super) fn new(source: Source, uses: Use<S>, peer: Arc<Peer<S>>) -> Self {
        Self { source, uses, peer }
    }

    fn accept(&self, material: &Material) -> Verdict<Candidate<S>> {
        match self.uses.of(material) {
            Ok((tls, carried)) => {
                let next = self.peer.prepare(tls, carried);
                let facts = material.facts(&self.source.name, next.number());
                Verdict::Accepted {
                    candidate: Candidate(next),
                    facts: Box::new(facts),
                    warnings: Vec::new(),
                }
            }
            Err(error) => Verdict::Rejected(vec![Reason {
                code: "tls_unusable",
                sentence: format!("{error:#}; check the kind of the key"),
            }]),
        }
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

    fn judge(&self, texts: Texts, _force: Force, now: SystemTime) -> Verdict<Candidate<S>> {
        match self.source.judge(texts, Some(now)) {
            Ok(material) => self.accept(&material),
            Err(refused) => match refused.until {
                Some(until) => Verdict::Pending { until },
                None => Verdict::Rejected(reasons(&refused.faults)),
            },
        }
    }

    async fn try_out(&self, candidate: &Candidate<S>) -> Trial {
        match &self.uses.canary {
            Some(canary) => canary(candidate.0.trial(), self.peer.lease()).await,
            None => Trial::Skipped,
        }
    }

    fn publish(&self, candidate: Candidate<S>) -> Published<Retired> {
        let retired = self.peer.publish(candidate.0);
        Published {
            before: retired.number,
            connections: retired.connections.count(),
            retired,
            revoked: 0,
        }
    }

    async fn drain(retired: Retired, within: Duration) -> usize {
        retired.drain(within).await
    }

    fn revoke(&self) -> usize {
        self.peer.revoke()
    }

    fn validity(&self) -> Option<(SystemTime, SystemTime)> {
        let validity = self.peer.current().validity()?;
        Some((validity.not_before, validity.not_after))
    }
}

/// The facts of the first generation, for who is told at start.
pub(super) fn first(source: &Source, material: &Material) -> state::Generation {
    material.facts(&source.name, 1)
}
