//! Reading one certificate and judging it as the leaf of a client identity or as a trust anchor.
//!
//! Promises: an extension that cannot be read counts against the certificate.
//! Leaves to others: signatures along the chain, which the peer verifies, and time ([`crate::Validity`]).

use rustls::pki_types::CertificateDer;
use x509_parser::{
    certificate::X509Certificate,
    oid_registry::{
        OID_X509_EXT_BASIC_CONSTRAINTS, OID_X509_EXT_CRL_DISTRIBUTION_POINTS,
        OID_X509_EXT_EXTENDED_KEY_USAGE, OID_X509_EXT_KEY_USAGE, OID_X509_EXT_NAME_CONSTRAINTS,
        OID_X509_EXT_SUBJECT_ALT_NAME, Oid,
    },
    prelude::FromDer,
    public_key::PublicKey,
};

use crate::fault::Code;

/// RFC 8446 section 9 and every current baseline: nothing shorter is taken.
const MIN_RSA_BITS: usize = 2048;
const MIN_EC_BITS: usize = 256;

/// What the verifiers of this TLS library understand; anything else marked critical is refused (RFC 5280 section 4.2).
const UNDERSTOOD: [Oid<'static>; 6] = [
    OID_X509_EXT_KEY_USAGE,
    OID_X509_EXT_SUBJECT_ALT_NAME,
    OID_X509_EXT_BASIC_CONSTRAINTS,
    OID_X509_EXT_NAME_CONSTRAINTS,
    OID_X509_EXT_CRL_DISTRIBUTION_POINTS,
    OID_X509_EXT_EXTENDED_KEY_USAGE,
];

/// Parses `der`; bytes after the certificate make it unreadable.
pub(crate) fn read<'a>(der: &'a CertificateDer<'_>) -> Option<X509Certificate<'a>> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Some(certificate),
        Ok(_) | Err(_) => None,
    }
}

/// Everything that keeps `leaf` from being accepted as a client certificate (RFC 5280 sections 4.2.1.3, .9, .12).
pub(crate) fn leaf_faults(leaf: &X509Certificate<'_>) -> Vec<Code> {
    let judged = [
        (leaf.is_ca(), Code::LeafIsCa),
        (!may_authenticate_clients(leaf), Code::EkuNoClientAuth),
        (!may_sign(leaf), Code::KuNoDigitalSignature),
        (is_weak(leaf), Code::KeyWeak),
    ];
    judged
        .into_iter()
        .filter_map(|(bad, code)| bad.then_some(code))
        .collect()
}

/// A trust anchor must be a CA, and if it says what its key is for, that must include signing certificates.
pub(crate) fn is_anchor(certificate: &X509Certificate<'_>) -> bool {
    let may_issue = match certificate.key_usage() {
        Ok(usage) => usage.is_none_or(|usage| usage.value.key_cert_sign()),
        Err(_) => false,
    };
    certificate.is_ca() && may_issue
}

/// Whether it may be used for everything.
pub(crate) fn is_for_any(leaf: &X509Certificate<'_>) -> bool {
    let usage = leaf.extended_key_usage().ok().flatten();
    usage.is_some_and(|usage| usage.value.any)
}

/// Whether peers must refuse it for something they do not know.
pub(crate) fn has_unknown_critical(certificate: &X509Certificate<'_>) -> bool {
    let mut all = certificate.extensions().iter();
    all.any(|extension| extension.critical && !UNDERSTOOD.contains(&extension.oid))
}

/// RFC 5280 section 4.2.1.3: the key of a list's issuer must be for that, if it says what it is for.
pub(crate) fn may_sign_lists(issuer: &X509Certificate<'_>) -> bool {
    match issuer.key_usage() {
        Ok(usage) => usage.is_none_or(|usage| usage.value.crl_sign()),
        Err(_) => false,
    }
}

/// No extended key usage means no limit; `anyExtendedKeyUsage` is accepted, as servers do.
fn may_authenticate_clients(leaf: &X509Certificate<'_>) -> bool {
    match leaf.extended_key_usage() {
        Ok(usage) => usage.is_none_or(|usage| usage.value.client_auth || usage.value.any),
        Err(_) => false,
    }
}

fn may_sign(leaf: &X509Certificate<'_>) -> bool {
    match leaf.key_usage() {
        Ok(usage) => usage.is_none_or(|usage| usage.value.digital_signature()),
        Err(_) => false,
    }
}

fn is_weak(leaf: &X509Certificate<'_>) -> bool {
    match leaf.public_key().parsed() {
        Ok(PublicKey::RSA(key)) => key.key_size() < MIN_RSA_BITS,
        Ok(PublicKey::EC(point)) => point.key_size() < MIN_EC_BITS,
        // Kinds we cannot sign with are refused when the key is loaded.
        Ok(_) | Err(_) => false,
    }
}
