//! A client identity: a certificate chain and the key that belongs to it.
//!
//! Promises: a [`Bundle`] exists only if chain and key belong together and a server would take the leaf for a client;
//! [`Bundle::lease`] gives it out only inside its validity (INVARIANT: 11). All that is wrong is reported at once. Key
//! bytes are wiped once the signing key is built, and the signing key when its last holder lets go.
//!
//! Leaves to others: whether a particular server trusts the issuer (it says so in the handshake), and when to renew.

use std::{path::Path, sync::Arc, time::SystemTime};

use rustls::{pki_types::CertificateDer, sign::CertifiedKey};
use zeroize::Zeroizing;

use crate::{
    fault::{Code, Fault, Part},
    files,
    inventory::Entry,
    validity::Validity,
};
pub(crate) use demands::Demands;
pub(crate) use draft::Draft;

mod demands;
mod draft;

/// A checked client identity. It cannot be printed or serialised (INVARIANT: 6):
///
/// ```compile_fail
/// fn print(bundle: &portcullis_certs::Bundle) -> String { format!("{bundle:?}") }
/// ```
/// ```
/// fn print(bundle: &portcullis_certs::Bundle) -> String { format!("{:?}", bundle.chain()) }
/// ```
pub struct Bundle {
    certified: Arc<CertifiedKey>,
    chain: Vec<Entry>,
    validity: Validity,
}

impl Bundle {
    /// Reads an identity without asking whether it is valid yet or still. The same bytes given twice are one file that
    /// holds both.
    ///
    /// # Errors
    /// Every fault there is, in the order chain, key, both together.
    pub fn parse(cert_pem: &[u8], key_pem: Zeroizing<Vec<u8>>) -> Result<Self, Vec<Fault>> {
        Draft::read(cert_pem, &key_pem).finish()
    }

    /// As [`Bundle::parse`], and the identity must be valid at `now`.
    ///
    /// # Errors
    /// As [`Bundle::parse`], with [`Code::Expired`] and [`Code::NotYetValid`] among the faults.
    pub fn parse_valid_at(
        cert_pem: &[u8],
        key_pem: Zeroizing<Vec<u8>>,
        now: SystemTime,
    ) -> Result<Self, Vec<Fault>> {
        Draft::read(cert_pem, &key_pem).valid_at(now).finish()
    }

    /// As [`Bundle::parse_valid_at`], from files. Each fault names its file.
    ///
    /// # Errors
    /// As [`Bundle::parse_valid_at`], and those of [`files::certificate`] and [`files::key`].
    pub fn read(cert_file: &Path, key_file: &Path, now: SystemTime) -> Result<Self, Vec<Fault>> {
        let (cert_pem, key_pem) = match (files::certificate(cert_file), files::key(key_file)) {
            (Ok(cert_pem), Ok(key_pem)) => (Zeroizing::new(cert_pem), key_pem),
            (cert, key) => return Err(cert.err().into_iter().chain(key.err()).collect()),
        };
        let name = |fault: Fault| match fault.part() {
            Part::Key => fault.in_file(key_file),
            Part::Certificate | Part::Roots | Part::Issuers | Part::Crl => fault.in_file(cert_file),
        };
        Self::parse_valid_at(&cert_pem, key_pem, now)
            .map_err(|faults| faults.into_iter().map(name).collect())
    }

    /// Judges every certificate of the chain at `now`.
    ///
    /// # Errors
    /// [`Code::Expired`] and [`Code::NotYetValid`], one for each certificate concerned.
    pub fn check(&self, now: SystemTime) -> Result<(), Vec<Fault>> {
        let faults: Vec<Fault> = self
            .chain
            .iter()
            .filter_map(|entry| out_of_date(entry, now))
            .collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }

    /// The identity for one handshake at `now`: use it at once, do not keep it.
    ///
    /// # Errors
    /// [`Code::Expired`] or [`Code::NotYetValid`].
    pub fn lease(&self, now: SystemTime) -> Result<Arc<CertifiedKey>, Fault> {
        // INVARIANT: 11
        match self.validity.check(now) {
            Ok(()) => Ok(Arc::clone(&self.certified)),
            Err(code) => {
                Err(Fault::new(code, Part::Certificate).because(self.validity.to_string()))
            }
        }
    }

    /// The span in which every certificate of the chain is valid.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// The certificates as DER, leaf first.
    #[must_use]
    pub fn ders(&self) -> &[CertificateDer<'static>] {
        &self.certified.cert
    }

    /// The certificates, leaf first.
    #[must_use]
    pub fn chain(&self) -> &[Entry] {
        &self.chain
    }
}

fn out_of_date(entry: &Entry, now: SystemTime) -> Option<Fault> {
    let code: Code = entry.validity.check(now).err()?;
    Some(
        Fault::new(code, Part::Certificate)
            .because(format!("`{}` is {}", entry.subject, entry.validity)),
    )
}

#[cfg(test)]
mod tests;
