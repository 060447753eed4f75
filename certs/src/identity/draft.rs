//! An identity while it is being read: what could be read so far, and everything wrong with it.
//!
//! Promises: reading goes on past a fault as far as it makes sense, so that one report holds them all.

use std::{sync::Arc, time::SystemTime};

use rustls::{
    crypto::aws_lc_rs::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer},
    sign::{CertifiedKey, SigningKey},
};
use x509_parser::certificate::X509Certificate;
use zeroize::Zeroizing;

use super::{Bundle, out_of_date};
use crate::{
    certificate::{leaf_faults, read},
    fault::{Code, Fault, Part},
    files::IDENTITY_CAP,
    inventory::Entry,
    pem::{self, Blocks, Holds},
    signature::{Signatures, Trial},
    validity::Validity,
};

mod demanded;

/// See the module.
pub(crate) struct Draft {
    chain: Vec<CertificateDer<'static>>,
    entries: Vec<Entry>,
    key: Option<Arc<dyn SigningKey>>,
    trial: Option<Trial>,
    signatures: Signatures,
    pem_size: usize,
    faults: Vec<Fault>,
}

impl Draft {
    /// Decodes and judges both inputs.
    pub(crate) fn read(cert_pem: &[u8], key_pem: &[u8]) -> Self {
        let mut draft = Self {
            chain: Vec::new(),
            entries: Vec::new(),
            key: None,
            trial: None,
            signatures: Signatures::default(),
            pem_size: cert_pem.len(),
            faults: Vec::new(),
        };
        let (certificates, keys) = draft.decode(cert_pem, key_pem);
        if let Some(certificates) = certificates {
            draft.take_chain(certificates);
        }
        (draft.key, draft.trial) = keys.and_then(|keys| draft.load(&keys)).unzip();
        draft.judge();
        draft
    }

    /// Adds what is wrong at `now`.
    pub(crate) fn valid_at(mut self, now: SystemTime) -> Self {
        self.faults.extend(
            self.entries
                .iter()
                .filter_map(|entry| out_of_date(entry, now)),
        );
        self
    }

    /// An identity, if nothing at all is wrong.
    pub(crate) fn finish(self) -> Result<Bundle, Vec<Fault>> {
        let validity = self.validity();
        match (self.key, validity) {
            (Some(key), Some(validity)) if self.faults.is_empty() => {
                let certified = Arc::new(CertifiedKey::new(self.chain, key));
                Ok(Bundle {
                    certified,
                    chain: self.entries,
                    validity,
                })
            }
            _ => Err(self.faults),
        }
    }

    fn validity(&self) -> Option<Validity> {
        let each = self.entries.iter().map(|entry| entry.validity);
        each.reduce(Validity::intersect)
    }

    fn decode(&mut self, cert_pem: &[u8], key_pem: &[u8]) -> (Option<Chain>, Option<Keys>) {
        if cert_pem == key_pem {
            let both = self.blocks(cert_pem, Part::Certificate, Holds::Both);
            return both.map(|both| (both.certificates, both.keys)).unzip();
        }
        let chain = self.blocks(cert_pem, Part::Certificate, Holds::Certificates);
        let key = self.blocks(key_pem, Part::Key, Holds::Key);
        (
            chain.map(|blocks| blocks.certificates),
            key.map(|blocks| blocks.keys),
        )
    }

    fn blocks(&mut self, pem: &[u8], part: Part, holds: Holds) -> Option<Blocks> {
        pem::decode(pem, part, holds, IDENTITY_CAP)
            .map_err(|fault| self.faults.push(fault))
            .ok()
    }

    fn take_chain(&mut self, certificates: Chain) {
        if certificates.is_empty() {
            self.add(Code::PemNoCert, Part::Certificate);
        }
        self.chain = certificates;
    }

    /// The key belongs to what its signature belongs to, whatever a signer says of itself.
    fn load(
        &mut self,
        keys: &[Zeroizing<PrivateKeyDer<'static>>],
    ) -> Option<(Arc<dyn SigningKey>, Trial)> {
        let wrong = match keys {
            [key] => match any_supported_type(key).ok().and_then(|key| {
                let trial = self.signatures.trial(&*key)?;
                Some((key, trial))
            }) {
                Some(loaded) => return Some(loaded),
                None => Code::KeyUnknown,
            },
            [] => Code::PemNoKey,
            [..] => Code::PemManyKeys,
        };
        self.add(wrong, Part::Key);
        None
    }

    fn judge(&mut self) {
        let chain = std::mem::take(&mut self.chain);
        let parsed: Vec<_> = chain.iter().filter_map(read).collect();
        if parsed.len() == chain.len() {
            self.judge_chain(&parsed);
        } else {
            let unread = format!(
                "{} of {} blocks are not certificates",
                chain.len() - parsed.len(),
                chain.len()
            );
            self.faults
                .push(Fault::new(Code::PemGarbage, Part::Certificate).because(unread));
        }
        self.entries = parsed.iter().map(Entry::of).collect();
        self.chain = chain;
    }

    fn judge_chain(&mut self, chain: &[X509Certificate<'_>]) {
        let Some((leaf, issuers)) = chain.split_first() else {
            return;
        };
        // The certificate of the key stands further down: only the order is wrong, the rest would mislead.
        if issuers
            .iter()
            .any(|issuer| self.key_fits(issuer) == Some(true))
        {
            return self.add(Code::ChainOrder, Part::Certificate);
        }
        for code in leaf_faults(leaf) {
            self.add(code, Part::Certificate);
        }
        if chain
            .windows(2)
            .any(|pair| matches!(pair, [child, issuer] if !issued(child, issuer)))
        {
            self.add(Code::ChainOrder, Part::Certificate);
        }
        // INVARIANT: 11
        if self.key_fits(leaf) == Some(false) {
            self.add(Code::KeyMismatch, Part::Key);
        }
    }

    /// Whether the certificate is for our key; nothing if there is no usable key to ask.
    fn key_fits(&self, certificate: &X509Certificate<'_>) -> Option<bool> {
        let trial = self.trial.as_ref()?;
        Some(self.signatures.is_of(trial, certificate))
    }

    fn add(&mut self, code: Code, part: Part) {
        self.faults.push(Fault::new(code, part));
    }
}

type Chain = Vec<CertificateDer<'static>>;
type Keys = Vec<Zeroizing<PrivateKeyDer<'static>>>;

/// Names only, as RFC 5280 section 6.1.3 (a)(4) compares them: signatures are for the peer to verify.
fn issued(child: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> bool {
    child.issuer().as_raw() == issuer.subject().as_raw()
}
