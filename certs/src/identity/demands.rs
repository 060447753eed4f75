//! What is asked of an identity beyond being whole: a form, a life, names, and a place after the one in use.

use std::time::SystemTime;

use rustls::RootCertStore;
use x509_parser::certificate::X509Certificate;

use super::Bundle;
use crate::{
    certificate,
    crl::Crls,
    fault::{Code, Fault, Part},
    inventory::Entry,
    rules::{Clock, Rules},
    signature::Signatures,
};

mod form;
mod history;
pub(super) mod path;

/// RFC 5280 sets no limit; the verifiers of this TLS library follow six intermediates.
const MOST_CERTIFICATES: usize = 7;

/// What an identity is held against.
pub(crate) struct Demands<'a> {
    pub(crate) rules: &'a Rules,
    /// The identity in use.
    pub(crate) previous: Option<&'a Bundle>,
    /// Of whom one must have issued it; nothing where that is not known.
    pub(crate) issuers: Option<&'a RootCertStore>,
    pub(crate) crls: &'a Crls,
    pub(crate) now: SystemTime,
}

/// A chain that could be read, leaf first, and what it was read from.
pub(super) struct Chain<'a> {
    pub(super) parsed: &'a [X509Certificate<'a>],
    pub(super) entries: &'a [Entry],
    pub(super) pem_size: usize,
}

impl Demands<'_> {
    /// Everything that is not as asked, but for the path to the issuer: see [`path`].
    pub(super) fn faults(&self, chain: &Chain<'_>) -> Vec<Fault> {
        let Some((leaf, entry)) = chain.parsed.first().zip(chain.entries.first()) else {
            return Vec::new();
        };
        let mut faults = self.time(entry);
        faults.extend(
            chain
                .parsed
                .iter()
                .zip(chain.entries)
                .flat_map(|each| self.each(each)),
        );
        let too_long = chain.parsed.len() > MOST_CERTIFICATES;
        let count = chain.parsed.len().to_string();
        faults.extend(too_long.then(|| about(Code::ChainTooLong).because(count)));
        faults.extend(certificate::is_for_any(leaf).then(|| about(Code::EkuAny)));
        faults.extend(self.names(entry));
        faults.extend(form::fault(self.rules.form, chain));
        let previous = self.previous.and_then(|previous| previous.chain().first());
        faults.extend(
            previous
                .into_iter()
                .flat_map(|previous| history::faults(previous, entry, self.rules)),
        );
        faults
    }

    fn time(&self, leaf: &Entry) -> Vec<Fault> {
        let (from, until) = (leaf.validity.not_before, leaf.validity.not_after);
        let left = until.duration_since(self.now).unwrap_or_default();
        let life = until.duration_since(from).unwrap_or_default();
        let is_over = self.now > until;
        [
            (
                self.rules.clock == Clock::Unsynchronised,
                Code::ClockUnsynced,
            ),
            (
                !is_over && left < self.rules.min_remaining,
                Code::LifeTooShort,
            ),
            (life > self.rules.max_life, Code::LifeTooLong),
        ]
        .into_iter()
        .filter(|(wrong, _)| *wrong)
        .map(|(_, code)| about(code).because(leaf.validity.to_string()))
        .collect()
    }

    fn each(&self, (certificate, entry): (&X509Certificate<'_>, &Entry)) -> Vec<Fault> {
        let signed_badly = !Signatures::default().knows(&certificate.signature_algorithm);
        [
            (signed_badly, Code::SigAlg),
            (
                certificate::has_unknown_critical(certificate),
                Code::UnknownCriticalExt,
            ),
            (self.crls.revokes_parsed(certificate), Code::Revoked),
        ]
        .into_iter()
        .filter(|(wrong, _)| *wrong)
        .map(|(_, code)| about(code).because(format!("`{}`", entry.subject)))
        .collect()
    }

    fn names(&self, leaf: &Entry) -> Option<Fault> {
        let missing = self
            .rules
            .names
            .iter()
            .find(|name| !leaf.names.contains(name))?;
        let has = leaf.names.join(" ");
        Some(about(Code::SanMismatch).because(format!("`{missing}` is not among [{has}]")))
    }
}

fn about(code: Code) -> Fault {
    Fault::new(code, Part::Certificate)
}
