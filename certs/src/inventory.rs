//! What a log line says about a certificate in use.
//!
//! Promises: public facts only; text taken from a certificate has its control characters escaped, so that a subject
//! cannot forge a line. Leaves to others: judging any of it.

use std::{fmt, net::IpAddr};

use x509_parser::{certificate::X509Certificate, extensions::GeneralName, public_key::PublicKey};

use crate::{Validity, digest};

/// The public facts of one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Subject, as text in RFC 4514 order of the certificate.
    pub subject: String,
    /// Issuer, as the subject.
    pub issuer: String,
    /// Serial number, hexadecimal with colons.
    pub serial: String,
    /// Subject alternative names with their kind: `DNS:localhost`, `IP:127.0.0.1`, `URI:spiffe://...`.
    pub names: Vec<String>,
    /// Kind and size of the public key: `ECDSA 256`, `RSA 2048`, `Ed25519`, or the algorithm's object identifier.
    pub key: String,
    /// From when until when it is valid.
    pub validity: Validity,
    /// SHA-256 over the DER, hexadecimal.
    pub sha256: String,
    /// SHA-256 over the public key with its algorithm (SubjectPublicKeyInfo), hexadecimal.
    pub spki: String,
}

impl Entry {
    pub(crate) fn of(certificate: &X509Certificate<'_>) -> Self {
        Self {
            subject: printable(&certificate.subject().to_string()),
            issuer: printable(&certificate.issuer().to_string()),
            serial: certificate.raw_serial_as_string(),
            names: names(certificate),
            key: key(certificate),
            validity: Validity::of(certificate),
            sha256: digest::hex(&digest::sha256(certificate.as_raw())),
            spki: digest::hex(&digest::sha256(certificate.public_key().raw)),
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            subject,
            issuer,
            serial,
            names,
            key,
            validity,
            sha256,
            spki: _,
        } = self;
        let names = names.join(" ");
        write!(
            f,
            "`{subject}` issued by `{issuer}`, serial {serial}, names [{names}], {key}, {validity}, sha256 {sha256}"
        )
    }
}

pub(crate) fn printable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() {
            clean.extend(char.escape_unicode());
        } else {
            clean.push(char);
        }
    }
    clean
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    match certificate.subject_alternative_name() {
        Ok(Some(names)) => names.value.general_names.iter().map(name).collect(),
        Ok(None) | Err(_) => Vec::new(),
    }
}

fn name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(text) => format!("DNS:{}", printable(text)),
        GeneralName::URI(text) => format!("URI:{}", printable(text)),
        GeneralName::RFC822Name(text) => format!("email:{}", printable(text)),
        GeneralName::IPAddress(octets) => format!("IP:{}", address(octets)),
        GeneralName::DirectoryName(subject) => format!("dir:{}", printable(&subject.to_string())),
        GeneralName::OtherName(..)
        | GeneralName::X400Address(_)
        | GeneralName::EDIPartyName(_)
        | GeneralName::RegisteredID(_)
        | GeneralName::Invalid(..) => "other".to_owned(),
    }
}

fn address(octets: &[u8]) -> String {
    if let Ok(four) = <[u8; 4]>::try_from(octets) {
        IpAddr::from(four).to_string()
    } else if let Ok(sixteen) = <[u8; 16]>::try_from(octets) {
        IpAddr::from(sixteen).to_string()
    } else {
        "invalid".to_owned()
    }
}

fn key(certificate: &X509Certificate<'_>) -> String {
    let spki = certificate.public_key();
    let oid = &spki.algorithm.algorithm;
    match spki.parsed() {
        Ok(PublicKey::RSA(key)) => format!("RSA {}", key.key_size()),
        Ok(PublicKey::EC(point)) => format!("ECDSA {}", point.key_size()),
        Ok(_) | Err(_) if *oid == x509_parser::oid_registry::OID_SIG_ED25519 => {
            "Ed25519".to_owned()
        }
        Ok(_) | Err(_) => oid.to_id_string(),
    }
}
