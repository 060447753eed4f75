//! Making connections: name, TCP, TLS, all within one limit, and each on the list of its generation.
//!
//! Redirects are never followed and proxies of the environment are never used: nothing here knows how. `TCP_NODELAY` is set, without it
//! every answer waits for a delayed acknowledgement.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiResolver, Name};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use portcullis_policy::FailureSource;
use tokio::net::TcpStream;
use tower_service::Service;

use super::connections::{Chain, Connections};
use super::fault;
use super::handshake::{Handshake, Met, Witness};
use super::stream::Cuttable;
use super::tls::{self, NotAsked, Tls, Unasked};

/// The HTTP client of one generation. HTTP/2 where the peer offers it, else HTTP/1.1.
pub(super) type HttpClient = Client<Listed<HttpsConnector<HttpConnector<Resolver>>>, Full<Bytes>>;
type Plain = MaybeHttpsStream<TokioIo<TcpStream>>;

/// The most bytes of a response's header section.
const MAX_HEADER_BYTES: u32 = 64 * 1024;
/// How long an idle connection is kept for the next request.
const POOL_IDLE: Duration = Duration::from_secs(90);

/// A client that connects with `tls`, within `limit` (W-04), and lists what it opens.
///
/// An HTTP/2 connection is shared by all requests, so a dead one would fail them all until TCP gives up: with a request open, a peer
/// that is silent for `limit` is asked for a sign of life, and has as long again to give it.
pub(super) fn client(
    tls: &Tls,
    limit: Duration,
    connections: Arc<Connections>,
    witness: Witness,
) -> HttpClient {
    let mut tcp = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(Duration::from_secs(30)));
    tcp.enforce_http(false);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(config(tls))
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(tcp);
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(POOL_IDLE)
        .timer(TokioTimer::new())
        .http1_max_buf_size(MAX_HEADER_BYTES as usize)
        .http2_max_header_list_size(MAX_HEADER_BYTES)
        .http2_keep_alive_interval(limit)
        .http2_keep_alive_timeout(limit)
        .build(Listed {
            connector,
            limit,
            unasked: tls.unasked(),
            connections,
            witness,
        })
}

/// The connector sets the application protocols itself and wants none set before.
fn config(tls: &Tls) -> rustls::ClientConfig {
    let mut config = tls.config().as_ref().clone();
    config.alpn_protocols.clear();
    config
}

/// Resolves names with the system's resolver and marks its failures with a type of their own (W-10).
#[derive(Clone)]
pub(super) struct Resolver(GaiResolver);

/// The name could not be resolved.
#[derive(Debug, thiserror::Error)]
#[error("the name could not be resolved")]
pub(super) struct ResolveError(#[source] io::Error);

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

/// A connector that gives up after a while, and lists what it connected.
#[derive(Clone)]
pub(super) struct Listed<C> {
    connector: C,
    limit: Duration,
    unasked: Unasked,
    connections: Arc<Connections>,
    witness: Witness,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl<C, R> Service<R> for Listed<C>
where
    C: Service<R, Response = Plain>,
    C::Error: Into<BoxError>,
    C::Future: Send + 'static,
{
    type Response = Cuttable<Plain>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, target: R) -> Self::Future {
        let (connecting, limit) = (self.connector.call(target), self.limit);
        let (connections, witness) = (Arc::clone(&self.connections), self.witness.clone());
        let unasked = self.unasked;
        Box::pin(async move {
            let (connected, asked) = tls::noting(tokio::time::timeout(limit, connecting)).await;
            let stream = match connected {
                Ok(Ok(stream)) => stream,
                Ok(Err(error)) => return Err(refused(error.into(), &witness)),
                Err(_) => return Err(io::Error::from(io::ErrorKind::TimedOut).into()),
            };
            let is_plain = matches!(stream, MaybeHttpsStream::Http(_));
            match unasked {
                _ if asked || is_plain => {}
                Unasked::Fine => {}
                Unasked::Told => witness.saw(Met::Unasked),
                Unasked::Refused => return Err(refused(NotAsked.into(), &witness)),
            }
            Ok(list(stream, &connections, &witness))
        })
    }
}

/// Tells of a handshake that one side refused; a network that fails is no meeting.
fn refused(error: BoxError, witness: &Witness) -> BoxError {
    if fault::classify(error.as_ref()).source() == FailureSource::Tls {
        witness.saw(Met::Refused(tls::classify(error.as_ref())));
    }
    error
}

fn list(stream: Plain, connections: &Arc<Connections>, witness: &Witness) -> Cuttable<Plain> {
    let chain = match &stream {
        MaybeHttpsStream::Http(_) => Chain::from([]),
        MaybeHttpsStream::Https(stream) => {
            let (_, session) = stream.inner().get_ref();
            witness.saw(Met::Well(&Handshake::of(session)));
            session.peer_certificates().unwrap_or_default().into()
        }
    };
    Cuttable::new(stream, connections.enter(chain))
}
