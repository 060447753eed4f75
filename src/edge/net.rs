//! One peer and how it is reached: a generation of roots, identity and HTTP client that is replaced whole.
//!
//! Promises: a request is sent under the generation that is current when [`Peer::lease`] is called, and under no other, to the last byte of its
//! answer (INVARIANT: 12); nothing is leased outside the validity of its identity (INVARIANT: 11). A generation that was replaced lives on in
//! its leases; with the last of them its client, its idle connections and its key are gone.
//!
//! Leaves to others: when to replace it (`rotate`), and what a request means.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use hyper::{Request, Response};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::capture_connection;

use super::connect::{self, HttpClient};
use super::connections::Connections;
use super::handshake::Witness;
use super::tls::Tls;
use crate::runtime::slot::Slot;
use portcullis_certs::Validity;

/// Over how long the cuts at the end of a drain are spread.
const CUT_WITHIN: Duration = Duration::from_secs(2);

/// One peer. `S` is what its requests carry besides: headers with secrets, which rotate together with the rest.
pub struct Peer<S = ()> {
    slot: Slot<Generation<S>>,
    connect: Duration,
    witness: Witness,
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

/// The right to send under one generation.
pub struct Lease<S = ()>(Arc<Generation<S>>);

/// What is left to do about a generation that was replaced.
#[derive(Clone, Debug)]
pub struct Retired {
    /// Its number.
    pub number: u64,
    /// Its connections that are still open.
    pub connections: Arc<Connections>,
}

/// Why a request got no response.
#[derive(Debug)]
pub enum SendError {
    /// Our certificate may not be used now (INVARIANT: 11).
    Identity(portcullis_certs::Fault),
    /// Our certificate was revoked.
    Revoked,
    /// The connection or the exchange failed.
    Http(legacy::Error),
    /// The answer states its length in two ways, so that two readers could see two answers (D5; RFC 9112, section 6.3).
    Framing,
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
        Self {
            slot: Slot::new(first),
            connect,
            witness,
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
        self.slot.publish(next).retired()
    }
}

impl<S> Generation<S> {
    fn new(number: u64, tls: Tls, carried: S, connect: Duration, witness: Witness) -> Self {
        let connections = Arc::new(Connections::default());
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

impl<S> Lease<S> {
    /// The generation it is of.
    #[must_use]
    pub fn generation(&self) -> &Generation<S> {
        &self.0
    }
}

impl<S: Send + Sync + 'static> Lease<S> {
    /// Sends one request and waits for the head of the response, whose body keeps the generation.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Leased>, SendError> {
        let connection = capture_connection(&mut request);
        let sending = self.0.http.request(request);
        let response = sending.await.map_err(SendError::Http)?;
        if has_two_lengths(response.headers()) {
            // Where this answer ends is in doubt, so nothing else may be read from its connection (D6).
            if let Some(connected) = connection.connection_metadata().as_ref() {
                connected.poison();
            }
            return Err(SendError::Framing);
        }
        Ok(response.map(|body| Leased {
            body,
            _generation: Arc::<Generation<S>>::clone(&self.0),
        }))
    }
}

fn has_two_lengths(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH)
}

/// The body of an answer, and the generation it comes under.
pub struct Leased {
    body: Incoming,
    _generation: Arc<dyn Send + Sync>,
}

impl Body for Leased {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
