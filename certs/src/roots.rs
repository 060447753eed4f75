//! Trust roots: public ones, the system's, private ones, alone or together.
//!
//! Promises: a private bundle is taken whole or not at all; each of its certificates is a CA and not expired (the TLS
//! library does not look at the dates of a trust anchor). Private roots stand **in place of** public ones by
//! themselves, and are **added to** them by [`Roots::plus`]: nothing is trusted that was not asked for.
//!
//! Leaves to others: which of the three a channel uses, and replacing them while running.

use std::{path::Path, sync::Arc, time::SystemTime};

use rustls::{RootCertStore, pki_types::CertificateDer};
use rustls_native_certs::CertificateResult;

use crate::{
    certificate,
    digest::{Fingerprint, sha256},
    fault::{Code, Fault, Part},
    files::{self, ROOTS_CAP},
    inventory::Entry,
    pem::{self, Holds},
    signature::{Signatures, Signed, anchor_signed, is_named, key_of},
};

/// A set of trust roots.
#[derive(Debug, Clone)]
pub struct Roots {
    store: RootCertStore,
    private: Vec<Entry>,
}

impl Roots {
    /// The public roots of the Mozilla programme, as built into this binary.
    #[must_use]
    pub fn public() -> Self {
        Self {
            store: webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect(),
            private: Vec::new(),
        }
    }

    /// The roots of this system. `SSL_CERT_FILE` and `SSL_CERT_DIR` choose other places, as for every program here.
    ///
    /// # Errors
    /// [`Code::BundleEmpty`] if the system has none that can be used.
    pub fn system() -> Result<Self, Fault> {
        Self::found(rustls_native_certs::load_native_certs())
    }

    /// The roots of a PEM bundle and no others.
    ///
    /// # Errors
    /// Every fault there is: [`Code::BundleEmpty`], [`Code::AnchorNotCa`], [`Code::AnchorExpired`], and those of PEM.
    pub fn private(pem: &[u8], now: SystemTime) -> Result<Self, Vec<Fault>> {
        Self::of(Part::Roots, pem, now)
    }

    /// As [`Roots::private`], for a bundle of either kind.
    pub(crate) fn of(part: Part, pem: &[u8], now: SystemTime) -> Result<Self, Vec<Fault>> {
        let blocks =
            pem::decode(pem, part, Holds::Certificates, ROOTS_CAP).map_err(|fault| vec![fault])?;
        if blocks.certificates.is_empty() {
            return Err(vec![Fault::new(Code::BundleEmpty, part)]);
        }
        let mut roots = Self {
            store: RootCertStore::empty(),
            private: Vec::new(),
        };
        let faults: Vec<Fault> = blocks
            .certificates
            .iter()
            .filter_map(|der| roots.add(der, part, now).err())
            .collect();
        if faults.is_empty() {
            Ok(roots)
        } else {
            Err(faults)
        }
    }

    /// As [`Roots::private`], from a file, which each fault names.
    ///
    /// # Errors
    /// As [`Roots::private`], and those of [`files::roots`].
    pub fn read(file: &Path, now: SystemTime) -> Result<Self, Vec<Fault>> {
        let pem = files::roots(file).map_err(|fault| vec![fault])?;
        Self::private(&pem, now).map_err(|faults| {
            faults
                .into_iter()
                .map(|fault| fault.in_file(file))
                .collect()
        })
    }

    /// Both together.
    #[must_use]
    pub fn plus(mut self, other: Self) -> Self {
        self.store.roots.extend(other.store.roots);
        self.private.extend(other.private);
        self
    }

    /// The root that certifies a server which showed this chain: the SHA-256 of its public key, which stays when a CA renews its certificate.
    /// Nothing if none of these roots does.
    #[must_use]
    pub fn anchor_of(&self, chain: &[CertificateDer<'_>]) -> Option<Fingerprint> {
        let signatures = Signatures::default();
        chain
            .iter()
            .filter_map(certificate::read)
            .find_map(|shown| {
                let signed = Signed::certificate(&shown);
                let named = self.store.roots.iter();
                let mut named = named.filter(|anchor| is_named(anchor, shown.issuer().as_raw()));
                let anchor = named.find(|anchor| anchor_signed(&signatures, anchor, &signed))?;
                Some(sha256(&key_of(anchor)))
            })
    }

    /// Whether one of these roots has this public key.
    #[must_use]
    pub fn has(&self, anchor: &Fingerprint) -> bool {
        let mut keys = self.store.roots.iter().map(key_of);
        keys.any(|key| sha256(&key) == *anchor)
    }

    /// For the TLS library.
    #[must_use]
    pub fn store(&self) -> Arc<RootCertStore> {
        Arc::new(self.store.clone())
    }

    /// How many roots are trusted.
    #[must_use]
    pub fn count(&self) -> usize {
        self.store.len()
    }

    /// The private roots among them.
    #[must_use]
    pub fn anchors(&self) -> &[Entry] {
        &self.private
    }

    /// Systems carry roots of many ages, so one that cannot be read is left out; none at all is a fault.
    fn found(found: CertificateResult) -> Result<Self, Fault> {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(found.certs);
        if store.is_empty() {
            let errors = found.errors.iter().map(|error| format!(", {error}"));
            let detail = format!("the system's own{}", errors.collect::<String>());
            return Err(Fault::new(Code::BundleEmpty, Part::Roots).because(detail));
        }
        Ok(Self {
            store,
            private: Vec::new(),
        })
    }

    fn add(
        &mut self,
        der: &CertificateDer<'static>,
        part: Part,
        now: SystemTime,
    ) -> Result<(), Fault> {
        let unread = || Fault::new(Code::PemGarbage, part).because("a block is not a certificate");
        let parsed = certificate::read(der).ok_or_else(unread)?;
        let entry = Entry::of(&parsed);
        if !certificate::is_anchor(&parsed) {
            return Err(Fault::new(Code::AnchorNotCa, part).because(format!("`{}`", entry.subject)));
        }
        // One that is not valid yet may be put in place ahead of time; one that is over may not stay.
        if now > entry.validity.not_after {
            let which = format!("`{}`, {}", entry.subject, entry.validity);
            return Err(Fault::new(Code::AnchorExpired, part).because(which));
        }
        self.store.add(der.clone()).map_err(|_| unread())?;
        self.private.push(entry);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
