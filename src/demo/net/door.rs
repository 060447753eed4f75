//! How a listener lets peers in.

use std::sync::Arc;

use portcullis_certs::dev::{Authority, Error as IssueError, Issued, Leaf, Pki};
use rustls::{
    RootCertStore, ServerConfig, SupportedProtocolVersion,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{
        NoServerSessionStorage, ServerSessionMemoryCache, VerifierBuilderError,
        WebPkiClientVerifier, danger::ClientCertVerifier,
    },
};

const HTTP1: &[u8] = b"http/1.1";
const HTTP2: &[u8] = b"h2";

/// Why a door could not be built.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// No certificate could be made.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// A certificate or key is not readable PEM.
    #[error("the certificate, key or CA is not readable")]
    Pem(#[from] rustls::pki_types::pem::Error),
    /// The CA of the clients cannot be used.
    #[error("the ca of the clients cannot be used")]
    Clients(#[from] VerifierBuilderError),
    /// The certificate, the key or the protocol versions cannot be used.
    #[error("the identity of the server cannot be used")]
    Tls(#[from] rustls::Error),
}

/// Plain, or TLS, as a rule with a client certificate required. HTTP/2 is offered with TLS unless told otherwise.
#[derive(Clone)]
pub struct Door {
    tls: Option<ServerConfig>,
}

impl Door {
    /// No TLS, HTTP/1.1 only.
    #[must_use]
    pub fn plain() -> Self {
        Self { tls: None }
    }

    /// The door of a control plane: TLS 1.3, agents of this PKI only.
    ///
    /// # Errors
    /// See [`DoorError`].
    pub fn control_plane(pki: &Pki) -> Result<Self, DoorError> {
        Self::between(
            &pki.control_servers,
            &pki.control_clients,
            &[&rustls::version::TLS13],
        )
    }

    /// The door of an MCP server: TLS 1.2 or 1.3, agents of this PKI only.
    ///
    /// # Errors
    /// See [`DoorError`].
    pub fn mcp_server(pki: &Pki) -> Result<Self, DoorError> {
        Self::between(&pki.mcp_servers, &pki.mcp_clients, rustls::ALL_VERSIONS)
    }

    /// A door with a new server certificate of one CA, for clients of another.
    ///
    /// # Errors
    /// See [`DoorError`].
    pub fn between(
        servers: &Authority,
        clients: &Authority,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<Self, DoorError> {
        Self::with(
            &servers.issue(&Leaf::server())?,
            &clients.root_pem(),
            versions,
        )
    }

    /// A door with this identity, for clients of the CAs in `client_roots` (PEM).
    ///
    /// # Errors
    /// See [`DoorError`].
    pub fn with(
        identity: &Issued,
        client_roots: &str,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<Self, DoorError> {
        let roots = Arc::new(roots(client_roots)?);
        let clients = WebPkiClientVerifier::builder_with_provider(roots, provider()).build()?;
        Self::asking(identity, clients, versions)
    }

    /// A door with a new certificate of this CA, which asks nobody for theirs.
    ///
    /// # Errors
    /// See [`DoorError`].
    pub fn for_anyone(servers: &Authority) -> Result<Self, DoorError> {
        let identity = servers.issue(&Leaf::server())?;
        Self::asking(
            &identity,
            WebPkiClientVerifier::no_client_auth(),
            rustls::ALL_VERSIONS,
        )
    }

    fn asking(
        identity: &Issued,
        clients: Arc<dyn ClientCertVerifier>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<Self, DoorError> {
        let chain = CertificateDer::pem_slice_iter(identity.chain_pem.as_bytes())
            .collect::<Result<_, _>>()?;
        let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes())?;
        let mut tls = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)?
            .with_client_cert_verifier(clients)
            .with_single_cert(chain, key)?;
        // Without resumption each connection shows its certificate anew.
        tls.session_storage = Arc::new(NoServerSessionStorage {});
        tls.send_tls13_tickets = 0;
        tls.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
        Ok(Self { tls: Some(tls) })
    }

    /// Hands out tickets and keeps sessions, as most servers do: a client that resumes would go on as who it was.
    #[must_use]
    pub fn resumable(mut self) -> Self {
        if let Some(tls) = &mut self.tls {
            tls.session_storage = ServerSessionMemoryCache::new(1024);
            tls.send_tls13_tickets = 4;
        }
        self
    }

    /// Offers HTTP/1.1 only.
    #[must_use]
    pub fn http1_only(self) -> Self {
        self.offering(HTTP1)
    }

    /// Offers HTTP/2 only; without TLS this changes nothing.
    #[must_use]
    pub fn http2_only(self) -> Self {
        self.offering(HTTP2)
    }

    fn offering(mut self, protocol: &[u8]) -> Self {
        if let Some(tls) = &mut self.tls {
            tls.alpn_protocols = vec![protocol.to_vec()];
        }
        self
    }

    /// `https` or `http`.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    pub(super) fn into_tls(self) -> Option<Arc<ServerConfig>> {
        self.tls.map(Arc::new)
    }
}

pub(super) fn roots(pem: &str) -> Result<RootCertStore, DoorError> {
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(root?)?;
    }
    Ok(roots)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}
