//! Connections: one HTTP client per peer, over TCP with TLS where the address says so.
//!
//! Redirects are never followed and proxies of the environment are never used: nothing here knows how. `TCP_NODELAY` is set, without it
//! every answer waits for a delayed acknowledgement.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use hyper::{Request, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiResolver, Name};
use hyper_util::client::legacy::connect::{HttpConnector, capture_connection};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower_service::Service;

use super::tls::Tls;

type HttpClient = Client<Timed<HttpsConnector<HttpConnector<Resolver>>>, Full<Bytes>>;

/// The most bytes of a response's header section.
const MAX_HEADER_BYTES: u32 = 64 * 1024;
/// How long an idle connection is kept for the next request.
const POOL_IDLE: Duration = Duration::from_secs(90);

/// One peer and how it is reached: its own client, its own roots, its own identity. HTTP/2 where the peer offers it, else HTTP/1.1.
pub struct Peer {
    http: HttpClient,
    tls: Tls,
}

/// Why a request got no response.
#[derive(Debug)]
pub enum SendError {
    /// Our certificate may not be used now (INVARIANT 11).
    Identity(portcullis_certs::Fault),
    /// The connection or the exchange failed.
    Http(legacy::Error),
    /// The answer states its length in two ways, so that two readers could see two answers (D5; RFC 9112, section 6.3).
    Framing,
}

impl Peer {
    /// A peer behind these roots, shown this identity. `connect` bounds name resolution, TCP and TLS together (W-04).
    ///
    /// An HTTP/2 connection is shared by all requests, so a dead one would fail them all until TCP gives up: with a request open, a peer
    /// that is silent for `connect` is asked for a sign of life, and has as long again to give it.
    #[must_use]
    pub fn new(tls: Tls, connect: Duration) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(Duration::from_secs(30)));
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config(&tls))
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp);
        let http = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .timer(TokioTimer::new())
            .http1_max_buf_size(MAX_HEADER_BYTES as usize)
            .http2_max_header_list_size(MAX_HEADER_BYTES)
            .http2_keep_alive_interval(connect)
            .http2_keep_alive_timeout(connect)
            .build(Timed {
                connector,
                limit: connect,
            });
        Self { http, tls }
    }

    /// Sends one request and waits for the head of the response.
    ///
    /// # Errors
    /// [`SendError`]; nothing is sent under an identity outside its validity.
    pub async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, SendError> {
        self.tls.check().map_err(SendError::Identity)?;
        let connection = capture_connection(&mut request);
        let response = self.http.request(request).await.map_err(SendError::Http)?;
        if has_two_lengths(response.headers()) {
            // Where this answer ends is in doubt, so nothing else may be read from its connection (D6).
            if let Some(connected) = connection.connection_metadata().as_ref() {
                connected.poison();
            }
            return Err(SendError::Framing);
        }
        Ok(response)
    }
}

fn has_two_lengths(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH)
}

/// The connector sets the application protocols itself and wants none set before.
fn config(tls: &Tls) -> rustls::ClientConfig {
    let mut config = tls.config().as_ref().clone();
    config.alpn_protocols.clear();
    config
}

/// Resolves names with the system's resolver and marks its failures with a type of their own (W-10).
#[derive(Clone)]
pub struct Resolver(GaiResolver);

/// The name could not be resolved.
#[derive(Debug, thiserror::Error)]
#[error("the name could not be resolved")]
pub struct ResolveError(#[source] io::Error);

impl Service<Name> for Resolver {
    type Response = GaiAddrs;
    type Error = ResolveError;
    type Future = Pin<Box<dyn Future<Output = Result<GaiAddrs, ResolveError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ResolveError>> {
        self.0.poll_ready(cx).map_err(ResolveError)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolving = self.0.call(name);
        Box::pin(async move { resolving.await.map_err(ResolveError) })
    }
}

/// A connector that gives up after a while.
#[derive(Clone)]
pub struct Timed<C> {
    connector: C,
    limit: Duration,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl<C, R> Service<R> for Timed<C>
where
    C: Service<R>,
    C::Error: Into<BoxError>,
    C::Future: Send + 'static,
    C::Response: 'static,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, target: R) -> Self::Future {
        let (connecting, limit) = (self.connector.call(target), self.limit);
        Box::pin(async move {
            match tokio::time::timeout(limit, connecting).await {
                Ok(connected) => connected.map_err(Into::into),
                Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
            }
        })
    }
}
