//! Who signed what, asked of the TLS library's own algorithms: what it would not accept in a handshake is not accepted here.

use rustls::{
    SignatureScheme,
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs::default_provider},
    pki_types::{SignatureVerificationAlgorithm, TrustAnchor},
    sign::SigningKey,
};
use x509_parser::{
    certificate::X509Certificate,
    prelude::FromDer as _,
    x509::{AlgorithmIdentifier, SubjectPublicKeyInfo},
};

type Algorithm = &'static dyn SignatureVerificationAlgorithm;

/// What a signature is judged by.
pub(crate) struct Signatures(WebPkiSupportedAlgorithms);

impl Default for Signatures {
    fn default() -> Self {
        Self(default_provider().signature_verification_algorithms)
    }
}

/// One signature with what was signed.
pub(crate) struct Signed<'a> {
    pub(crate) message: &'a [u8],
    pub(crate) algorithm: &'a AlgorithmIdentifier<'a>,
    pub(crate) signature: &'a [u8],
}

impl<'a> Signed<'a> {
    pub(crate) fn certificate(certificate: &'a X509Certificate<'_>) -> Self {
        Self {
            message: certificate.tbs_certificate.as_ref(),
            algorithm: &certificate.signature_algorithm,
            signature: &certificate.signature_value.data,
        }
    }
}

impl Signatures {
    /// Whether any key could have made a signature of this kind that peers accept.
    pub(crate) fn knows(&self, algorithm: &AlgorithmIdentifier<'_>) -> bool {
        let id = identifier(algorithm);
        self.0
            .all
            .iter()
            .any(|known| known.signature_alg_id().as_ref() == id)
    }

    /// Whether the holder of `key` signed.
    pub(crate) fn verify(&self, key: &SubjectPublicKeyInfo<'_>, signed: &Signed<'_>) -> bool {
        let id = identifier(signed.algorithm);
        let by_kind = |known: &&Algorithm| known.signature_alg_id().as_ref() == id;
        let candidates = self.0.all.iter().filter(by_kind);
        verified(candidates, key, signed.message, signed.signature)
    }

    /// A trial signature of `key`, to be shown to certificates. Nothing if it cannot sign.
    pub(crate) fn trial(&self, key: &dyn SigningKey) -> Option<Trial> {
        let schemes: Vec<SignatureScheme> =
            self.0.mapping.iter().map(|(scheme, _)| *scheme).collect();
        let signer = key.choose_scheme(&schemes)?;
        let signature = signer.sign(TRIAL).ok()?;
        let scheme = signer.scheme();
        Some(Trial { scheme, signature })
    }

    /// Whether the key in `certificate` is the one that made the trial signature.
    pub(crate) fn is_of(&self, trial: &Trial, certificate: &X509Certificate<'_>) -> bool {
        let of_scheme = self
            .0
            .mapping
            .iter()
            .filter(|(scheme, _)| *scheme == trial.scheme);
        let candidates = of_scheme.flat_map(|(_, algorithms)| algorithms.iter());
        verified(
            candidates,
            certificate.public_key(),
            TRIAL,
            &trial.signature,
        )
    }
}

/// Not a message of any protocol, so that the signature is of no use elsewhere.
const TRIAL: &[u8] = b"portcullis: does this key belong to this certificate?";

/// A signature that shows which key made it.
pub(crate) struct Trial {
    scheme: SignatureScheme,
    signature: Vec<u8>,
}

/// The library for verifiers.
pub(crate) fn provider() -> std::sync::Arc<CryptoProvider> {
    std::sync::Arc::new(default_provider())
}

/// The public key of a trust anchor as one DER value, which the anchor keeps without its head.
pub(crate) fn key_of(anchor: &TrustAnchor<'_>) -> Vec<u8> {
    let mut der = Vec::new();
    tagged(&mut der, SEQUENCE, anchor.subject_public_key_info.as_ref());
    der
}

/// Whether `anchor` signed; an anchor whose key cannot be read did not.
pub(crate) fn anchor_signed(
    signatures: &Signatures,
    anchor: &TrustAnchor<'_>,
    signed: &Signed<'_>,
) -> bool {
    let der = key_of(anchor);
    let key = SubjectPublicKeyInfo::from_der(&der);
    key.is_ok_and(|(_, key)| signatures.verify(&key, signed))
}

/// The name of a certificate without its head, as an anchor keeps it.
pub(crate) fn is_named(anchor: &TrustAnchor<'_>, name: &[u8]) -> bool {
    let mut der = Vec::new();
    tagged(&mut der, SEQUENCE, anchor.subject.as_ref());
    der == name
}

fn verified<'a>(
    mut candidates: impl Iterator<Item = &'a Algorithm>,
    key: &SubjectPublicKeyInfo<'_>,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let kind = identifier(&key.algorithm);
    let bits = &key.subject_public_key.data;
    candidates.any(|known| {
        known.public_key_alg_id().as_ref() == kind
            && known.verify_signature(bits, message, signature).is_ok()
    })
}

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;

/// The content of an AlgorithmIdentifier, as the TLS library compares it.
fn identifier(algorithm: &AlgorithmIdentifier<'_>) -> Vec<u8> {
    let mut der = Vec::new();
    tagged(&mut der, OBJECT_IDENTIFIER, algorithm.algorithm.as_bytes());
    if let Some(parameters) = &algorithm.parameters {
        let class = if parameters.header.is_constructed() {
            0x20
        } else {
            0
        };
        let tag = u8::try_from(parameters.tag().0).unwrap_or_default();
        tagged(&mut der, class | tag, parameters.data);
    }
    der
}

/// Appends one DER value; X.690 section 8.1.3.
fn tagged(der: &mut Vec<u8>, tag: u8, content: &[u8]) {
    der.push(tag);
    let length = content.len().to_be_bytes();
    let first = length
        .iter()
        .position(|byte| *byte != 0)
        .unwrap_or(length.len());
    let significant = length.split_at(first).1;
    match significant {
        [] => der.push(0),
        [short] if *short < 0x80 => der.push(*short),
        long => {
            der.push(0x80 | u8::try_from(long.len()).unwrap_or_default());
            der.extend(long);
        }
    }
    der.extend(content);
}
