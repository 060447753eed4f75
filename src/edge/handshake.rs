//! How meetings with a peer end, and who is told.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::{ClientConnection, HandshakeKind, ProtocolVersion};

use super::tls::Reason;

/// The facts of one handshake.
#[derive(Clone, Debug)]
pub struct Handshake {
    /// `1.3` or `1.2`.
    pub version: &'static str,
    /// The group of the key exchange, as the library names it.
    pub group: String,
    /// Whether a session was resumed: never, for it would go on under the identity it began with (INVARIANT: 12).
    pub resumed: bool,
    /// The certificates the server showed, its own first.
    pub chain: Vec<CertificateDer<'static>>,
}

impl Handshake {
    pub(super) fn of(session: &ClientConnection) -> Self {
        Self {
            version: match session.protocol_version() {
                Some(ProtocolVersion::TLSv1_3) => "1.3",
                Some(_) => "1.2",
                None => "none",
            },
            group: session
                .negotiated_key_exchange_group()
                .map_or_else(|| "none".to_owned(), |group| format!("{:?}", group.name())),
            resumed: session.handshake_kind() == Some(HandshakeKind::Resumed),
            chain: session.peer_certificates().unwrap_or_default().to_vec(),
        }
    }
}

/// How a meeting with a peer ended.
#[derive(Clone, Copy, Debug)]
pub enum Met<'a> {
    /// Well, as far as we are concerned: the peer may still refuse us.
    Well(&'a Handshake),
    /// Well, but the server did not ask for our certificate: it lets anyone in.
    Unasked,
    /// No handshake, or one of no worth: nothing was sent.
    Refused(Reason),
    /// The peer sent an alert on a connection that was open for us.
    Alerted(Reason),
}

/// Who is told of each meeting; nobody by default.
#[derive(Clone, Default)]
pub struct Witness(Option<Arc<Told>>);

type Told = dyn Fn(Met<'_>) + Send + Sync;

impl Witness {
    /// Tells `told`.
    #[must_use]
    pub fn new(told: impl Fn(Met<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(told)))
    }

    pub(super) fn saw(&self, met: Met<'_>) {
        if let Some(told) = &self.0 {
            told(met);
        }
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Witness").field(&self.0.is_some()).finish()
    }
}
