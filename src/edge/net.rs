//! One peer and how it is reached: a generation of roots, identity and HTTP client that is replaced whole.
//!
//! Promises: a request is sent under the generation that is current when [`Peer::lease`] is called, and under no other, to the last byte of its
//! answer (INVARIANT: 12); nothing is leased outside the validity of its identity (INVARIANT: 11). A generation that was replaced lives on in
//! its leases; with the last of them its client, its idle connections and its key are gone.
//!
//! Leaves to others: when to replace it (`rotate`), and what a request means.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use portcullis_certs::Validity;

use super::connect::{self, HttpClient};
use super::connections::Connections;
use super::handshake::Witness;
pub use super::lease::{Lease, Leased, SendError};
use super::tls::Tls;
use crate::ops::state::Traffic;
use crate::runtime::slot::Slot;

/// Over how long the cuts at the end of a drain are spread.
const CUT_WITHIN: Duration = Duration::from_secs(2);

/// One peer. `S` is what its requests carry besides: headers with secrets, which rotate together with the rest.
pub struct Peer<S = ()> {
    slot: Slot<Generation<S>>,
    connect: Duration,
    witness: Witness,
    /// The connections of every generation that may still have some, the oldest first.
    living: Mutex<Vec<(u64, Weak<Connections>)>>,
}

/// Everything a connection to one peer is made with. Never changed, only replaced.
pub struct Generation<S = ()> {
    number: u64,
    tls: Tls,
    carried: S,
    http: HttpClient,
    connections: Arc<Connections>,
    revoked: AtomicBool,
}

/// What is left to do about a generation that was replaced.
#[derive(Clone, Debug)]
pub struct Retired {
    /// Its number.
    pub number: u64,
    /// Its connections that are still open.
    pub connections: Arc<Connections>,
}

impl Peer {
    /// A peer behind these roots, shown this identity. `connect` bounds name resolution, TCP and TLS together (W-04).
    #[must_use]
    pub fn new(tls: Tls, connect: Duration) -> Self {
        Self::carrying(tls, connect, (), Witness::default())
    }
}

impl<S> Peer<S> {
    /// As [`Peer::new`], and `witness` is told of each handshake.
    #[must_use]
    pub fn carrying(tls: Tls, connect: Duration, carried: S, witness: Witness) -> Self {
        let first = Generation::new(1, tls, carried, connect, witness.clone());
        let living = vec![(first.number, Arc::downgrade(&first.connections))];
        Self {
            slot: Slot::new(first),
            connect,
            witness,
            living: Mutex::new(living),
        }
    }

    /// The current generation, for one request that is sent now.
    ///
    /// # Errors
    /// [`SendError::Identity`] outside the validity of the identity, [`SendError::Revoked`] after it was revoked.
    pub fn lease(&self) -> Result<Lease<S>, SendError> {
        let generation = self.slot.current();
        if generation.revoked.load(Ordering::Relaxed) {
            return Err(SendError::Revoked);
        }
        generation.tls.check().map_err(SendError::Identity)?;
        Ok(Lease(generation))
    }

    /// Nothing is sent under the generation in use any more, and its connections are cut at once; how many were open.
    pub fn revoke(&self) -> usize {
        let generation = self.slot.current();
        generation.revoked.store(true, Ordering::Relaxed);
        generation.connections.sweep(Arc::new(|_| true))
    }

    /// The generation in use now, to look at.
    #[must_use]
    pub fn current(&self) -> Arc<Generation<S>> {
        self.slot.current()
    }

    /// Builds the next generation. Nobody uses it before it is published; only one writer may prepare at a time.
    #[must_use]
    pub fn prepare(&self, tls: Tls, carried: S) -> Arc<Generation<S>> {
        let number = self.slot.current().number.saturating_add(1);
        let next = Generation::new(number, tls, carried, self.connect, self.witness.clone());
        Arc::new(next)
    }

    /// Makes `next` current: every lease from now on is of it.
    pub fn publish(&self, next: Arc<Generation<S>>) -> Retired {
        let mut living = self.living.lock().unwrap_or_else(PoisonError::into_inner);
        living.retain(|(_, connections)| connections.strong_count() > 0);
        living.push((next.number, Arc::downgrade(&next.connections)));
        drop(living);
        self.slot.publish(next).retired()
    }

    /// The traffic of each generation that is in use or still has something to finish.
    #[must_use]
    pub fn traffic(&self) -> Vec<Traffic> {
        let living = self.living.lock().unwrap_or_else(PoisonError::into_inner);
        let living = living.iter();
        living
            .filter_map(|(generation, connections)| {
                let connections = connections.upgrade()?;
                Some(Traffic {
                    generation: *generation,
                    connections: connections.count(),
                    requests: connections.requests(),
                })
            })
            .collect()
    }
}

impl<S> Generation<S> {
    fn new(number: u64, tls: Tls, carried: S, connect: Duration, witness: Witness) -> Self {
        let connections = Arc::new(Connections::seen_by(witness.clone()));
        Self {
            number,
            http: connect::client(&tls, connect, Arc::clone(&connections), witness),
            tls,
            carried,
            connections,
            revoked: AtomicBool::new(false),
        }
    }

    /// Counts the generations of this peer from 1.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// What its requests carry besides.
    #[must_use]
    pub fn carried(&self) -> &S {
        &self.carried
    }

    /// From when until when its identity may be used; nothing without one.
    #[must_use]
    pub fn validity(&self) -> Option<Validity> {
        self.tls.validity()
    }

    /// Its open connections.
    #[must_use]
    pub fn connections(&self) -> &Arc<Connections> {
        &self.connections
    }

    /// A right to send under this generation although it is not current: for trying out a candidate.
    #[must_use]
    pub fn trial(self: &Arc<Self>) -> Lease<S> {
        Lease(Arc::clone(self))
    }

    pub(super) fn http(&self) -> &HttpClient {
        &self.http
    }

    fn retired(&self) -> Retired {
        Retired {
            number: self.number,
            connections: Arc::clone(&self.connections),
        }
    }
}

impl Retired {
    /// Returns when no connection is left. What is left after `within` is cut, spread over a moment so that its peers do not all come back at
    /// once; how many that were.
    pub async fn drain(self, within: Duration) -> usize {
        let ended = self.connections.ended();
        if tokio::time::timeout(within, ended).await.is_ok() {
            return 0;
        }
        let left = self.connections.handles();
        let step = CUT_WITHIN.checked_div(u32::try_from(left.len()).unwrap_or(u32::MAX));
        for cut in &left {
            cut.cancel();
            tokio::time::sleep(step.unwrap_or_default()).await;
        }
        left.len()
    }
}
