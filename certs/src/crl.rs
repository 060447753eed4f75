//! Revocation lists: whose certificates are no longer worth anything.
//!
//! Promises: a list is kept only if a CA that is known here signed it and its next update is still to come.
//!
//! Leaves to others: fetching lists, and cutting connections.

use std::{
    collections::HashSet,
    time::{SystemTime, UNIX_EPOCH},
};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, CertificateRevocationListDer},
};
use x509_parser::{
    certificate::X509Certificate, prelude::FromDer as _, revocation_list::CertificateRevocationList,
};

use crate::{
    certificate, digest,
    fault::{Code, Fault, Part},
    files::CRL_CAP,
    inventory::printable,
    pem,
    rules::Rules,
    signature::{Signatures, Signed, anchor_signed, is_named},
    validity::instant,
};

/// The lists of one endpoint.
#[derive(Debug, Clone, Default)]
pub struct Crls {
    lists: Vec<Crl>,
}

/// One list.
#[derive(Debug, Clone)]
pub struct Crl {
    /// Its issuer.
    pub issuer: String,
    /// Its number, hexadecimal; empty if it has none.
    pub number: String,
    /// When the next one will be there; the list is of no use after this.
    pub next_update: SystemTime,
    /// How many certificates it revokes.
    pub count: usize,
    /// SHA-256 over the DER, hexadecimal.
    pub sha256: String,
    der: CertificateRevocationListDer<'static>,
    name: Vec<u8>,
    order: Vec<u8>,
    serials: HashSet<Vec<u8>>,
}

/// Who may have signed a list.
pub(crate) struct Signers<'a> {
    pub(crate) anchors: Vec<&'a RootCertStore>,
    pub(crate) chain: &'a [CertificateDer<'static>],
}

impl Crls {
    /// Reads PEM with any number of lists, or one list in DER, as of `now`. Each list is also held against the one of its issuer in `previous`.
    pub(crate) fn add(
        &mut self,
        bytes: &[u8],
        signers: Option<&Signers<'_>>,
        (rules, previous): (&Rules, Option<&Self>),
        now: SystemTime,
    ) -> Vec<Fault> {
        let blocks = match pem::crls(bytes, CRL_CAP) {
            Ok(blocks) if blocks.is_empty() => {
                return vec![Fault::new(Code::CrlUnreadable, Part::Crl)];
            }
            Ok(blocks) => blocks,
            Err(fault) => return vec![fault],
        };
        let mut faults = Vec::new();
        for der in blocks {
            let Some(crl) = Crl::read(&der, signers, &mut faults) else {
                continue;
            };
            faults.extend(crl.wrong(previous.filter(|_| !rules.allow_rollback), now));
            self.lists.push(crl);
        }
        faults
    }

    /// Every list in a file, for an inventory: ended ones as well, and whoever signed them.
    pub(crate) fn listed(bytes: &[u8]) -> (Vec<Crl>, Vec<Fault>) {
        let blocks = match pem::crls(bytes, CRL_CAP) {
            Ok(blocks) => blocks,
            Err(fault) => return (Vec::new(), vec![fault]),
        };
        let mut faults = Vec::new();
        let read = |der| Crl::read(der, None, &mut faults);
        let lists = blocks.iter().filter_map(read).collect();
        (lists, faults)
    }

    /// Whether the issuer with this DER name has revoked this serial number (the content octets of the DER integer).
    #[must_use]
    pub fn revokes(&self, issuer: &[u8], serial: &[u8]) -> bool {
        self.lists
            .iter()
            .any(|crl| crl.name == issuer && crl.serials.contains(serial))
    }

    /// Whether a certificate is revoked; one that cannot be read counts as revoked.
    #[must_use]
    pub fn revokes_certificate(&self, der: &CertificateDer<'_>) -> bool {
        certificate::read(der).is_none_or(|certificate| self.revokes_parsed(&certificate))
    }

    pub(crate) fn revokes_parsed(&self, certificate: &X509Certificate<'_>) -> bool {
        self.revokes(certificate.issuer().as_raw(), certificate.raw_serial())
    }

    /// Each list.
    #[must_use]
    pub fn lists(&self) -> &[Crl] {
        &self.lists
    }

    /// When the first of them ends.
    #[must_use]
    pub fn next_update(&self) -> Option<SystemTime> {
        self.lists.iter().map(|crl| crl.next_update).min()
    }

    /// For verifiers.
    #[must_use]
    pub fn ders(&self) -> Vec<CertificateRevocationListDer<'static>> {
        self.lists.iter().map(|crl| crl.der.clone()).collect()
    }
}

impl Crl {
    fn read(
        der: &CertificateRevocationListDer<'static>,
        signers: Option<&Signers<'_>>,
        faults: &mut Vec<Fault>,
    ) -> Option<Self> {
        let parsed = match CertificateRevocationList::from_der(der) {
            Ok(([], parsed)) => parsed,
            Ok(_) | Err(_) => {
                faults.push(Fault::new(Code::CrlUnreadable, Part::Crl));
                return None;
            }
        };
        let issuer = printable(&parsed.issuer().to_string());
        if signers.is_some_and(|signers| !signers.signed(&parsed)) {
            faults
                .push(Fault::new(Code::CrlBadSignature, Part::Crl).because(format!("`{issuer}`")));
            return None;
        }
        let serials = parsed.iter_revoked_certificates();
        let serials: HashSet<_> = serials.map(|entry| entry.raw_serial().to_vec()).collect();
        let order = parsed.crl_number().map(|number| number.to_bytes_be());
        let order = order.unwrap_or_default();
        Some(Self {
            issuer,
            number: digest::hex(&order),
            next_update: parsed.next_update().map_or(UNIX_EPOCH, instant),
            count: serials.len(),
            sha256: digest::hex(&digest::sha256(der)),
            der: der.clone(),
            name: parsed.issuer().as_raw().to_vec(),
            order,
            serials,
        })
    }

    fn wrong(&self, previous: Option<&Crls>, now: SystemTime) -> Vec<Fault> {
        let older = |other: &Self| {
            other.name == self.name
                && (other.order.len(), &other.order) > (self.order.len(), &self.order)
        };
        let is_older = previous.is_some_and(|previous| previous.lists.iter().any(older));
        [
            (now > self.next_update, Code::CrlStale),
            (is_older, Code::CrlOlder),
        ]
        .into_iter()
        .filter(|(wrong, _)| *wrong)
        .map(|(_, code)| Fault::new(code, Part::Crl).because(format!("`{}`", self.issuer)))
        .collect()
    }
}

impl Signers<'_> {
    fn signed(&self, crl: &CertificateRevocationList<'_>) -> bool {
        let signatures = Signatures::default();
        let signed = Signed {
            message: crl.tbs_cert_list.as_ref(),
            algorithm: &crl.signature_algorithm,
            signature: &crl.signature_value.data,
        };
        let name = crl.issuer().as_raw();
        let mut anchors = self.anchors.iter().flat_map(|store| &store.roots);
        let by_anchor = anchors
            .any(|anchor| is_named(anchor, name) && anchor_signed(&signatures, anchor, &signed));
        let mut chain = self.chain.iter().skip(1).filter_map(certificate::read);
        by_anchor
            || chain.any(|issuer| {
                issuer.subject().as_raw() == name
                    && certificate::may_sign_lists(&issuer)
                    && signatures.verify(issuer.public_key(), &signed)
            })
    }
}
