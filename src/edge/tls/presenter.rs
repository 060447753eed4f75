//! Shows our certificate to a server that asks.
//!
//! Promises: each handshake leases the identity anew, so one that has run out is never shown (INVARIANT: 11).

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use portcullis_certs::{Bundle, Fault, Validity};
use rustls::{
    SignatureScheme, client::ResolvesClientCert, sign::CertifiedKey, time_provider::TimeProvider,
};

use super::{Presentations, asked};

/// The resolver of one generation.
pub(super) struct Presenter {
    identity: Arc<Bundle>,
    clock: Arc<dyn TimeProvider>,
    asked: AtomicU64,
    ready: AtomicU64,
}

impl Presenter {
    pub(super) fn new(identity: Arc<Bundle>, clock: Arc<dyn TimeProvider>) -> Self {
        Self {
            identity,
            clock,
            asked: AtomicU64::new(0),
            ready: AtomicU64::new(0),
        }
    }

    pub(super) fn check(&self) -> Result<(), Fault> {
        self.lease().map(drop)
    }

    pub(super) fn validity(&self) -> Validity {
        self.identity.validity()
    }

    pub(super) fn tally(&self) -> Presentations {
        Presentations {
            asked: self.asked.load(Relaxed),
            ready: self.ready.load(Relaxed),
        }
    }

    fn lease(&self) -> Result<Arc<CertifiedKey>, Fault> {
        self.identity.lease(self.now())
    }

    /// A clock that cannot be read says 1970, at which no identity is valid: doubt refuses.
    fn now(&self) -> SystemTime {
        let seconds = self.clock.current_time().map_or(0, |time| time.as_secs());
        UNIX_EPOCH
            .checked_add(Duration::from_secs(seconds))
            .unwrap_or(UNIX_EPOCH)
    }
}

impl ResolvesClientCert for Presenter {
    /// The hints about acceptable issuers are ignored: there is one identity, and if it is not wanted the server's
    /// alert says so more clearly than silence would.
    fn resolve(
        &self,
        _issuers: &[&[u8]],
        schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        self.asked.fetch_add(1, Relaxed);
        asked::note();
        let certified = self.lease().ok()?;
        certified.key.choose_scheme(schemes)?;
        self.ready.fetch_add(1, Relaxed);
        Some(certified)
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// INVARIANT: 6. The TLS library wants this to be printable; only public facts are.
impl fmt::Debug for Presenter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presenter")
            .field("chain", &self.identity.chain())
            .finish_non_exhaustive()
    }
}
