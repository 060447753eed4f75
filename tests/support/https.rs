//! An MCP server over TLS, HTTP/2 or HTTP/1.1: one JSON answer to each call, or half of one where the target is `/half`.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use portcullis_certs::dev::{Authority, Issued, Leaf};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;

/// One request as the server got it.
#[derive(Clone, Debug)]
pub struct Got {
    pub version: Version,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// The server; it stops when dropped.
pub struct Https {
    pub address: SocketAddr,
    got: Arc<Mutex<Vec<Got>>>,
    _task: AbortOnDropHandle<()>,
}

impl Https {
    /// A server certified by `authority` that speaks one protocol: `h2` or `http/1.1`.
    pub async fn start(authority: &Authority, protocol: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = acceptor(&authority.issue(&Leaf::server()).unwrap(), protocol);
        let got = Arc::default();
        let task = tokio::spawn(serve(listener, acceptor, protocol, Arc::clone(&got)));
        Self {
            address,
            got,
            _task: AbortOnDropHandle::new(task),
        }
    }

    pub fn url(&self) -> hyper::Uri {
        format!("https://{}/mcp", self.address).parse().unwrap()
    }

    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

fn acceptor(identity: &Issued, protocol: &str) -> TlsAcceptor {
    let chain = CertificateDer::pem_slice_iter(identity.chain_pem.as_bytes())
        .collect::<Result<_, _>>()
        .unwrap();
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes()).unwrap();
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

type Gotten = Arc<Mutex<Vec<Got>>>;

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, protocol: &'static str, got: Gotten) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(converse(
            stream,
            acceptor.clone(),
            protocol,
            Arc::clone(&got),
        ));
    }
}

async fn converse(stream: TcpStream, acceptor: TlsAcceptor, protocol: &str, got: Gotten) {
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    let io = TokioIo::new(stream);
    let service = service_fn(move |request| answer(request, Arc::clone(&got)));
    // A client that goes away is no failure of the server.
    let _ = if protocol == "h2" {
        http2::Builder::new(TokioExecutor::new())
            .serve_connection(io, service)
            .await
    } else {
        http1::Builder::new().serve_connection(io, service).await
    };
}

type Answer = BoxBody<Bytes, io::Error>;

fn whole(text: String) -> Answer {
    Full::from(text).map_err(|never| match never {}).boxed()
}

/// A body the server gives up in the middle: over HTTP/2 it resets the stream.
fn half(text: &str) -> Answer {
    let half = Bytes::copy_from_slice(&text.as_bytes()[..text.len() / 2]);
    let frames = [
        Ok(Frame::data(half)),
        Err(io::Error::other("the server gave up")),
    ];
    StreamBody::new(futures_util::stream::iter(frames)).boxed()
}

async fn answer(request: Request<Incoming>, got: Gotten) -> Result<Response<Answer>, Infallible> {
    let (head, body) = request.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let value: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
    let answer = format!(
        r#"{{"jsonrpc":"2.0","id":{},"result":{{"content":[]}}}}"#,
        value["id"]
    );
    let headers = head.headers.iter();
    got.lock().unwrap().push(Got {
        version: head.version,
        target: head.uri.path().to_owned(),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .filter(|(name, _)| name != "content-length" && name != "host")
            .collect(),
        body,
    });
    let response = Response::builder().header("content-type", "application/json");
    let body = match head.uri.path() {
        "/half" => half(&answer),
        _ => whole(answer),
    };
    Ok(response.body(body).unwrap())
}

/// A wire to a server that can be cut without either end noticing.
pub struct Wire {
    pub address: SocketAddr,
    frozen: watch::Sender<usize>,
    accepted: Arc<AtomicUsize>,
    _task: AbortOnDropHandle<()>,
}

impl Wire {
    pub async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (frozen, accepted) = (watch::Sender::new(0), Arc::new(AtomicUsize::new(0)));
        let task = tokio::spawn(pass(
            listener,
            target,
            frozen.subscribe(),
            Arc::clone(&accepted),
        ));
        Self {
            address,
            frozen,
            accepted,
            _task: AbortOnDropHandle::new(task),
        }
    }

    /// From now on the connections there are carry nothing more; new ones do.
    pub fn freeze(&self) {
        self.frozen
            .send_replace(self.accepted.load(Ordering::SeqCst));
    }
}

async fn pass(
    listener: TcpListener,
    target: SocketAddr,
    frozen: watch::Receiver<usize>,
    accepted: Arc<AtomicUsize>,
) {
    let mut connections = JoinSet::new();
    while let Ok((mut near, _)) = listener.accept().await {
        let number = accepted.fetch_add(1, Ordering::SeqCst);
        let mut frozen = frozen.clone();
        connections.spawn(async move {
            let mut far = TcpStream::connect(target).await.unwrap();
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                _ = async { frozen.wait_for(|cut| *cut > number).await.is_ok() } => {
                    std::future::pending::<()>().await;
                }
            }
        });
    }
}
