//! A client that trusts one CA and shows one certificate, or none: for knocking at the doors.

use std::{io, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response, Uri,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use portcullis_certs::dev::Issued;
use rustls::{
    ClientConfig,
    client::Resumption,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, IpAddr, PrivateKeyDer, ServerName, pem::PemObject as _},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinSet,
};
use tokio_rustls::TlsConnector;

use super::door::{DoorError, roots};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The URI is not an address with a port.
    #[error("`{0}` is no address with a port")]
    Address(Uri),
    /// No connection, or no TLS.
    #[error("no connection: {0}")]
    Connect(#[from] io::Error),
    /// The connection ended before the answer did. With TLS 1.3 a refused certificate shows here.
    #[error("no answer: {0}")]
    Http(#[from] hyper::Error),
}

/// Sends requests to addresses on loopback, each over a connection of its own.
#[derive(Clone)]
pub struct Client {
    tls: Option<Arc<ClientConfig>>,
}

impl Client {
    /// Without TLS.
    #[must_use]
    pub fn plain() -> Self {
        Self { tls: None }
    }

    /// With TLS: trusts the CAs in `server_roots` (PEM) and shows `identity`, if there is one.
    ///
    /// # Errors
    /// The PEM is not readable or the key does not fit.
    pub fn tls(server_roots: &str, identity: Option<&Issued>) -> Result<Self, DoorError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots(server_roots)?);
        let mut tls = match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let chain = CertificateDer::pem_slice_iter(identity.chain_pem.as_bytes());
                let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes())?;
                builder.with_client_auth_cert(chain.collect::<Result<_, _>>()?, key)?
            }
        };
        tls.resumption = Resumption::disabled();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            tls: Some(Arc::new(tls)),
        })
    }

    /// Sends one request and reads the whole answer.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, ClientError> {
        let address = address(request.uri())?;
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        // Boxed, because a handshake is a large future.
        match &self.tls {
            None => Box::pin(exchange(stream, false, request)).await,
            Some(tls) => Box::pin(secured(tls.clone(), address, stream, request)).await,
        }
    }
}

async fn secured(
    tls: Arc<ClientConfig>,
    address: SocketAddr,
    stream: TcpStream,
    request: Request<Full<Bytes>>,
) -> Result<Response<Bytes>, ClientError> {
    let name = ServerName::IpAddress(IpAddr::from(address.ip()));
    let stream = TlsConnector::from(tls).connect(name, stream).await?;
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    exchange(stream, http2, request).await
}

fn address(uri: &Uri) -> Result<SocketAddr, ClientError> {
    let authority = uri.authority().map(|authority| authority.as_str().parse());
    match authority {
        Some(Ok(address)) => Ok(address),
        Some(Err(_)) | None => Err(ClientError::Address(uri.clone())),
    }
}

/// The connection ends with the answer: its task lives in a set that is dropped here.
async fn exchange<S>(
    stream: S,
    http2: bool,
    request: Request<Full<Bytes>>,
) -> Result<Response<Bytes>, ClientError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let stream = TokioIo::new(stream);
    let mut connection = JoinSet::new();
    let response = if http2 {
        let (mut sender, driver) = http2::handshake(TokioExecutor::new(), stream).await?;
        connection.spawn(driver);
        sender.send_request(request).await?
    } else {
        let (mut sender, driver) = http1::handshake(stream).await?;
        connection.spawn(driver);
        sender.send_request(origin_form(request)).await?
    };
    let (head, body) = response.into_parts();
    Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
}

/// HTTP/1.1 names the host in a header and only the path in the first line; a `Host` that is there stays.
fn origin_form(mut request: Request<Full<Bytes>>) -> Request<Full<Bytes>> {
    use hyper::header::{Entry, HOST, HeaderValue};
    let authority = request.uri().authority().map(ToString::to_string);
    if let (Entry::Vacant(host), Some(authority)) = (request.headers_mut().entry(HOST), authority)
        && let Ok(value) = HeaderValue::try_from(authority)
    {
        host.insert(value);
    }
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
    request
}
