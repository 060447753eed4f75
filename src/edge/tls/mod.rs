//! TLS as both sides of the agent speak it: who is believed, who we say we are, and which parameters are offered.
//!
//! Promises: names and chains are checked by the webpki verifier and nothing switches that off; TLS 1.3 only towards
//! the control plane; hybrid post-quantum key exchange is offered first; no session is resumed; our certificate is
//! shown only to a server that asks, and only inside its validity. No key log, no early data.
//!
//! Leaves to others: connecting, timeouts, and replacing a configuration while running: one [`Tls`] is one immutable
//! generation of roots and identity.

mod asked;
mod classify;
mod pinned;
mod presenter;

use std::sync::Arc;

use portcullis_certs::{Bundle, Fault, Roots, Validity};
use rustls::{
    ClientConfig, SupportedProtocolVersion,
    client::{Resumption, WebPkiServerVerifier},
    crypto::{
        CryptoProvider,
        aws_lc_rs::{self, kx_group},
    },
    time_provider::{DefaultTimeProvider, TimeProvider},
    version::{TLS12, TLS13},
};

pub use asked::{NotAsked, Unasked, noting};
pub use classify::{Reason, classify};
use pinned::Pinned;
use presenter::Presenter;

/// The oldest version a channel to an MCP server accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Floor {
    /// TLS 1.3.
    #[default]
    Tls13,
    /// TLS 1.2 with the extended master secret (RFC 7627), for old internal servers: an explicit choice per channel.
    Tls12,
}

/// Who is believed.
#[derive(Clone)]
enum Servers {
    Under(Roots),
    By(Arc<WebPkiServerVerifier>),
}

impl Servers {
    fn verifier(self) -> Result<Arc<WebPkiServerVerifier>, rustls::Error> {
        match self {
            Self::By(verifier) => Ok(verifier),
            Self::Under(roots) => {
                WebPkiServerVerifier::builder_with_provider(roots.store(), Arc::new(provider()))
                    .build()
                    .map_err(|error| rustls::Error::General(error.to_string()))
            }
        }
    }
}

/// What a [`Tls`] is made from.
#[derive(Clone)]
pub struct Parts {
    servers: Servers,
    pins: Vec<[u8; 32]>,
    identity: Option<Arc<Bundle>>,
    clock: Arc<dyn TimeProvider>,
    must_ask: bool,
}

impl Parts {
    /// Servers under `roots` are believed; no identity is shown.
    #[must_use]
    pub fn new(roots: Roots) -> Self {
        Self {
            servers: Servers::Under(roots),
            pins: Vec::new(),
            identity: None,
            clock: Arc::new(DefaultTimeProvider),
            must_ask: false,
        }
    }

    /// Servers that `verifier` accepts are believed, for roots with revocation lists; no identity is shown.
    #[must_use]
    pub fn verified_by(verifier: Arc<WebPkiServerVerifier>) -> Self {
        Self {
            servers: Servers::By(verifier),
            ..Self::new(Roots::public())
        }
    }

    /// Of the servers that are believed, only those whose public key has one of these SHA-256 values; all of them if there are none.
    #[must_use]
    pub fn with_pins(mut self, pins: Vec<[u8; 32]>) -> Self {
        self.pins = pins;
        self
    }

    /// Shows `identity` to a server that asks.
    #[must_use]
    pub fn with_identity(mut self, identity: Arc<Bundle>) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Whether nothing is sent to a server that does not ask for our identity; else that is only told.
    #[must_use]
    pub fn must_ask(mut self, must_ask: bool) -> Self {
        self.must_ask = must_ask;
        self
    }

    /// Judges both sides' certificates by `clock`, the system's by default.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn TimeProvider>) -> Self {
        self.clock = clock;
        self
    }

    /// For the control plane: TLS 1.3 and nothing older.
    ///
    /// # Errors
    /// If the cryptography library lacks what TLS 1.3 needs, which a build either always or never does.
    pub fn control_plane(self) -> Result<Tls, rustls::Error> {
        self.build(&[&TLS13])
    }

    /// For an MCP server.
    ///
    /// # Errors
    /// As [`Parts::control_plane`].
    pub fn mcp(self, floor: Floor) -> Result<Tls, rustls::Error> {
        match floor {
            Floor::Tls13 => self.build(&[&TLS13]),
            Floor::Tls12 => self.build(&[&TLS13, &TLS12]),
        }
    }

    fn build(self, versions: &[&'static SupportedProtocolVersion]) -> Result<Tls, rustls::Error> {
        let builder =
            ClientConfig::builder_with_details(Arc::new(provider()), Arc::clone(&self.clock))
                .with_protocol_versions(versions)?;
        let verifier = self.servers.verifier()?;
        let builder = if self.pins.is_empty() {
            builder.with_webpki_verifier(verifier)
        } else {
            let pinned = Pinned::new(verifier, self.pins);
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(pinned))
        };
        let unasked = match (&self.identity, self.must_ask) {
            (None, _) => Unasked::Fine,
            (Some(_), false) => Unasked::Told,
            (Some(_), true) => Unasked::Refused,
        };
        let presenter = self
            .identity
            .map(|identity| Arc::new(Presenter::new(identity, self.clock)));
        let mut config = match &presenter {
            Some(presenter) => {
                builder.with_client_cert_resolver(Arc::<Presenter>::clone(presenter))
            }
            None => builder.with_no_client_auth(),
        };
        // INVARIANT: 12. A resumed session would go on under the identity it began with.
        config.resumption = Resumption::disabled();
        config.require_ems = true;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Tls {
            config: Arc::new(config),
            presenter,
            unasked,
        })
    }
}

/// The group order is written out, so that no feature of another package can take the post-quantum one away.
fn provider() -> CryptoProvider {
    let groups = vec![
        kx_group::X25519MLKEM768,
        kx_group::X25519,
        kx_group::SECP256R1,
        kx_group::SECP384R1,
    ];
    CryptoProvider {
        kx_groups: groups,
        ..aws_lc_rs::default_provider()
    }
}

/// One generation of roots and identity, ready to connect with.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ClientConfig>,
    presenter: Option<Arc<Presenter>>,
    unasked: Unasked,
}

impl Tls {
    /// For a connector. Application protocols (`h2`, `http/1.1`) are set in it.
    #[must_use]
    pub fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }

    /// Whether a request may be sent under this identity now. A handshake outside the validity goes on without a
    /// certificate, because the TLS library offers no way to end it there; so ask here before sending.
    ///
    /// # Errors
    /// The identity has expired or is not valid yet. Without an identity there is nothing to refuse.
    pub fn check(&self) -> Result<(), Fault> {
        self.presenter
            .as_ref()
            .map_or(Ok(()), |presenter| presenter.check())
    }

    /// From when until when the identity may be used; nothing without one.
    #[must_use]
    pub fn validity(&self) -> Option<Validity> {
        let presenter = self.presenter.as_ref()?;
        Some(presenter.validity())
    }

    /// What to do about a server that does not ask for our certificate.
    #[must_use]
    pub const fn unasked(&self) -> Unasked {
        self.unasked
    }

    /// How many handshakes asked for a certificate, and in how many ours was ready. An identity that is configured
    /// while a working server never asks deserves a warning: that server lets anyone in.
    #[must_use]
    pub fn presentations(&self) -> Presentations {
        self.presenter
            .as_ref()
            .map(|presenter| presenter.tally())
            .unwrap_or_default()
    }
}

/// See [`Tls::presentations`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Presentations {
    /// Handshakes in which the server asked.
    pub asked: u64,
    /// Those in which our certificate was ready as the answer. It leaves only after the server's own certificate has
    /// been verified, so a handshake that fails there counts and yet showed nothing.
    pub ready: u64,
}
