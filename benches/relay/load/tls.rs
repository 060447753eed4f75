//! A server on loopback that demands a client certificate and speaks one version of HTTP.

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

pub(crate) type Answer = anyhow::Result<Response<Full<Bytes>>>;

/// The version of HTTP both peers speak.
#[derive(Clone, Copy)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

impl Protocol {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        }
    }

    const fn alpn(self) -> &'static [u8] {
        match self {
            Self::Http1 => b"http/1.1",
            Self::Http2 => b"h2",
        }
    }
}

/// Serves until the runtime ends. `peer` names the files of its identity and of the clients it takes.
pub(super) async fn serve<F, A>(
    files: &Path,
    peer: &str,
    protocol: Protocol,
    answer: F,
) -> anyhow::Result<SocketAddr>
where
    F: Fn(Request<Incoming>) -> A + Clone + Send + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    let acceptor = TlsAcceptor::from(Arc::new(config(files, peer, protocol)?));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, answer) = (acceptor.clone(), answer.clone());
            // A connection ends with its client; what was lost with it shows as a call without a reply.
            tokio::spawn(async move { converse(acceptor, stream, protocol, answer).await.ok() });
        }
    });
    Ok(address)
}

async fn converse<F, A>(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    protocol: Protocol,
    answer: F,
) -> anyhow::Result<()>
where
    F: Fn(Request<Incoming>) -> A,
    A: Future<Output = Answer> + Send + 'static,
{
    stream.set_nodelay(true)?;
    let io = TokioIo::new(acceptor.accept(stream).await?);
    let service = service_fn(answer);
    match protocol {
        Protocol::Http1 => {
            hyper::server::conn::http1::Builder::new()
                .serve_connection(io, service)
                .await?
        }
        Protocol::Http2 => {
            let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            builder.serve_connection(io, service).await?;
        }
    }
    Ok(())
}

fn config(files: &Path, peer: &str, protocol: Protocol) -> anyhow::Result<ServerConfig> {
    let file = |name: &str| files.join(format!("{peer}-{name}"));
    let mut clients = RootCertStore::empty();
    clients.add(CertificateDer::from_pem_file(file("client-ca.pem"))?)?;
    let chain = CertificateDer::pem_file_iter(file("server.pem"))?.collect::<Result<_, _>>()?;
    let mut config = ServerConfig::builder()
        .with_client_cert_verifier(WebPkiClientVerifier::builder(Arc::new(clients)).build()?)
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(file("server.key"))?)?;
    config.alpn_protocols = vec![protocol.alpn().to_vec()];
    Ok(config)
}
