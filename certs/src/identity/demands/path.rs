//! The path from a leaf to the CA that has to have issued it, walked by the verifier a server would use.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use rustls::{
    CertificateError, Error, RootCertStore,
    pki_types::{CertificateDer, UnixTime},
    server::WebPkiClientVerifier,
};

use crate::{Validity, fault::Code, signature::provider};

/// What keeps a server that trusts `issuers` from following the chain. Where it is not known whom a server trusts, the end of the chain stands in,
/// so that at least its links are checked. Dates are judged elsewhere: the path is walked at a moment at which all of it is valid, if there is one.
pub(in crate::identity) fn fault(
    chain: &[CertificateDer<'static>],
    issuers: Option<&RootCertStore>,
    (validity, now): (Validity, SystemTime),
) -> Option<(Code, String)> {
    let (leaf, rest) = chain.split_first()?;
    let anchors = match issuers {
        Some(issuers) => issuers.clone(),
        None => end_of(rest)?,
    };
    let at = now.max(validity.not_before).min(validity.not_after);
    let at = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let named: Vec<Vec<u8>> = anchors
        .subjects()
        .into_iter()
        .map(|name| name.as_ref().to_vec())
        .collect();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(anchors), provider());
    let verifier = verifier.build().ok()?;
    let error = verifier
        .verify_client_cert(leaf, rest, UnixTime::since_unix_epoch(at))
        .err()?;
    Some((code(&error, chain, &named)?, error.to_string()))
}

fn end_of(rest: &[CertificateDer<'static>]) -> Option<RootCertStore> {
    let mut store = RootCertStore::empty();
    store.add(rest.last()?.clone()).ok()?;
    Some(store)
}

/// What is judged elsewhere with a clearer sentence is left out here.
fn code(error: &Error, chain: &[CertificateDer<'static>], named: &[Vec<u8>]) -> Option<Code> {
    let Error::InvalidCertificate(reason) = error else {
        return Some(Code::IssuerMismatch);
    };
    let is_judged_elsewhere = matches!(
        reason,
        CertificateError::UnhandledCriticalExtension
            | CertificateError::InvalidPurpose
            | CertificateError::InvalidPurposeContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmContext { .. }
    );
    if is_judged_elsewhere {
        None
    } else if *reason == CertificateError::UnknownIssuer && !reaches(chain, named) {
        Some(Code::ChainIncomplete)
    } else {
        Some(Code::IssuerMismatch)
    }
}

/// Whether the last certificate names one of the anchors as its issuer, or itself: then nothing is missing, and something does not fit.
fn reaches(chain: &[CertificateDer<'static>], named: &[Vec<u8>]) -> bool {
    let last = chain.last().and_then(crate::certificate::read);
    last.is_none_or(|last| {
        let issuer = last.issuer().as_raw();
        issuer == last.subject().as_raw() || named.iter().any(|name| name == issuer)
    })
}
