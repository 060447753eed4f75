//! Accepting connections and handing their requests on.

use std::{
    future::Future,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use hyper::{
    Request, Response,
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

use super::{Body, Cut, Door, Peer, Record};

/// How many refused handshakes are remembered.
const TURNED_AWAY: usize = 1000;

/// One request and who sent it.
pub struct Visit {
    /// The holder of the client certificate; none on a plain door.
    pub peer: Option<Arc<Peer>>,
    /// The request.
    pub request: Request<Incoming>,
}

/// Answers requests.
pub trait Handler: Send + Sync + 'static {
    /// The answer to one request; [`Cut`] breaks the connection (HTTP/1.1) or the stream (HTTP/2) instead.
    fn handle(
        self: Arc<Self>,
        visit: Visit,
    ) -> impl Future<Output = Result<Response<Body>, Cut>> + Send;
}

/// An open loopback port. Dropping it closes the port and every connection.
pub struct Listener {
    address: SocketAddr,
    turned_away: Arc<Record<String>>,
    task: AbortHandle,
}

impl Listener {
    /// Opens `port` on 127.0.0.1, or a free one for 0. Needs a Tokio runtime.
    ///
    /// # Errors
    /// The port is in use.
    pub async fn open<H: Handler>(port: u16, door: Door, handler: Arc<H>) -> io::Result<Self> {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = tcp.local_addr()?;
        let turned_away = Arc::new(Record::of(TURNED_AWAY));
        let entrance = Entrance {
            tls: door.into_tls().map(TlsAcceptor::from),
            handler,
            turned_away: turned_away.clone(),
        };
        let task = tokio::spawn(accept(tcp, entrance)).abort_handle();
        Ok(Self {
            address,
            turned_away,
            task,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Why peers were turned away during the handshake, oldest first.
    #[must_use]
    pub fn turned_away(&self) -> Vec<String> {
        self.turned_away.all()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Entrance<H> {
    tls: Option<TlsAcceptor>,
    handler: Arc<H>,
    turned_away: Arc<Record<String>>,
}

impl<H> Clone for Entrance<H> {
    fn clone(&self) -> Self {
        Self {
            tls: self.tls.clone(),
            handler: self.handler.clone(),
            turned_away: self.turned_away.clone(),
        }
    }
}

/// Lives until aborted; the connections live in its set and end with it.
async fn accept<H: Handler>(tcp: TcpListener, entrance: Entrance<H>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = tcp.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(entrance.clone().admit(stream));
                }
                // Out of file handles, most likely: others must end first.
                Err(_) => tokio::task::yield_now().await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

impl<H: Handler> Entrance<H> {
    async fn admit(self, stream: TcpStream) {
        // Without it every answer waits for a delayed acknowledgement; failing only makes it slower.
        let _ = stream.set_nodelay(true);
        let Some(tls) = self.tls else {
            return serve(stream, false, None, self.handler).await;
        };
        match tls.accept(stream).await {
            Ok(stream) => {
                let (_, session) = stream.get_ref();
                let peer = Peer::of(session.peer_certificates());
                let http2 = session.alpn_protocol() == Some(b"h2");
                serve(stream, http2, peer, self.handler).await;
            }
            Err(error) => self.turned_away.add(error.to_string()),
        }
    }
}

async fn serve<H, S>(stream: S, http2: bool, peer: Option<Arc<Peer>>, handler: Arc<H>)
where
    H: Handler,
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let service = service_fn(move |request| {
        let peer = peer.clone();
        handler.clone().handle(Visit { peer, request })
    });
    let stream = TokioIo::new(stream);
    // How a connection ends is the peer's business: whatever it missed, it asks again.
    let _ = if http2 {
        let builder = http2::Builder::new(TokioExecutor::new());
        builder.serve_connection(stream, service).await
    } else {
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .serve_connection(stream, service)
            .await
    };
}
