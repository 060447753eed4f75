//! PEM in, DER out. The only file that names `rustls-pemfile` (unmaintained, RUSTSEC-2025-0134).
//!
//! Promises: size is capped before anything is decoded; a block of a kind that does not belong is a fault and never
//! skipped in silence; a file whose blocks cannot all be decoded is refused whole; decoded keys are wiped on drop.
//!
//! Leaves to others: what the DER says. The PEM reader's own scratch buffer is beyond our reach and is not wiped.

use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls_pemfile::Item;
use zeroize::Zeroizing;

use crate::fault::{Code, Fault, Part};

/// Which blocks an input may hold. `EC PARAMETERS`, which openssl writes before a key, is allowed where keys are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Certificates,
    Key,
    /// One file named for both.
    Both,
    Crls,
}

/// The decoded blocks of one input.
#[derive(Default)]
pub(crate) struct Blocks {
    pub(crate) certificates: Vec<CertificateDer<'static>>,
    pub(crate) keys: Vec<Zeroizing<PrivateKeyDer<'static>>>,
    pub(crate) crls: Vec<CertificateRevocationListDer<'static>>,
}

/// Decodes `pem`, refusing what is larger than `cap` bytes (INVARIANT: 9) or not allowed by `holds`.
pub(crate) fn decode(pem: &[u8], part: Part, holds: Holds, cap: usize) -> Result<Blocks, Fault> {
    if pem.len() > cap {
        return Err(Fault::new(part.too_large(), part)
            .because(format!("{} bytes, {cap} allowed", pem.len())));
    }
    let labels = labels(pem);
    refuse_garbage(pem, &labels, part)?;
    refuse_encrypted(pem, &labels, part)?;
    refuse_strangers(&labels, part, holds)?;
    let blocks = read(pem, part)?;
    let expected = labels
        .iter()
        .filter(|label| **label != EC_PARAMETERS)
        .count();
    match blocks.certificates.len() + blocks.keys.len() + blocks.crls.len() {
        found if found == expected => Ok(blocks),
        found => Err(Fault::new(Code::PemGarbage, part)
            .because(format!("{found} of {expected} blocks can be read"))),
    }
}

/// Decodes revocation lists. CAs publish them in DER as well, which is then one list.
pub(crate) fn crls(
    bytes: &[u8],
    cap: usize,
) -> Result<Vec<CertificateRevocationListDer<'static>>, Fault> {
    if bytes.first() == Some(&SEQUENCE) {
        return Ok(vec![bytes.to_vec().into()]);
    }
    decode(bytes, Part::Crl, Holds::Crls, cap).map(|blocks| blocks.crls)
}

/// Opens every DER certificate, key and list.
const SEQUENCE: u8 = 0x30;
const EC_PARAMETERS: &[u8] = b"EC PARAMETERS";
const KEY_LABELS: [&[u8]; 3] = [b"PRIVATE KEY", b"EC PRIVATE KEY", b"RSA PRIVATE KEY"];

impl Holds {
    fn allows(self, label: &[u8]) -> bool {
        let key = label == EC_PARAMETERS || KEY_LABELS.contains(&label);
        let certificate = label == b"CERTIFICATE";
        match self {
            Self::Certificates => certificate,
            Self::Key => key,
            Self::Both => certificate || key,
            Self::Crls => label == b"X509 CRL",
        }
    }
}

fn lines(pem: &[u8]) -> impl Iterator<Item = &[u8]> {
    pem.split(|byte| matches!(byte, b'\n' | b'\r'))
}

/// The names in all BEGIN lines, in order.
fn labels(pem: &[u8]) -> Vec<&[u8]> {
    lines(pem)
        .filter_map(|line| {
            line.strip_prefix(b"-----BEGIN ")?
                .trim_ascii_end()
                .strip_suffix(b"-----")
        })
        .collect()
}

/// Text without any block: empty text is left to the caller, which knows what is missing.
fn refuse_garbage(pem: &[u8], labels: &[&[u8]], part: Part) -> Result<(), Fault> {
    if !labels.is_empty() || pem.trim_ascii().is_empty() {
        return Ok(());
    }
    let fault = Fault::new(Code::PemGarbage, part);
    Err(if pem.first() == Some(&SEQUENCE) {
        fault.because("it looks like DER")
    } else {
        fault
    })
}

/// PKCS #8 encryption has its own block name, the older kind a header inside the block (RFC 1421).
fn refuse_encrypted(pem: &[u8], labels: &[&[u8]], part: Part) -> Result<(), Fault> {
    let header = |line: &[u8]| {
        line.starts_with(b"Proc-Type:") && line.trim_ascii_end().ends_with(b"ENCRYPTED")
    };
    if labels.contains(&b"ENCRYPTED PRIVATE KEY".as_slice()) || lines(pem).any(header) {
        return Err(Fault::new(Code::PemEncrypted, part));
    }
    Ok(())
}

fn refuse_strangers(labels: &[&[u8]], part: Part, holds: Holds) -> Result<(), Fault> {
    match labels.iter().find(|label| !holds.allows(label)) {
        None => Ok(()),
        Some(label) => {
            Err(Fault::new(Code::PemWrongBlock, part).because(format!("`{}`", label_text(label))))
        }
    }
}

/// A block name fit for a message: it is input, so it is shortened and stripped of control characters.
fn label_text(label: &[u8]) -> String {
    String::from_utf8_lossy(label)
        .chars()
        .filter(|char| !char.is_control())
        .take(40)
        .collect()
}

fn read(mut pem: &[u8], part: Part) -> Result<Blocks, Fault> {
    let mut blocks = Blocks::default();
    // The reader's own error may quote the input, so it is not passed on.
    while let Some((item, rest)) =
        rustls_pemfile::read_one_from_slice(pem).map_err(|_| Fault::new(Code::PemGarbage, part))?
    {
        pem = rest;
        if let Item::X509Certificate(der) = item {
            blocks.certificates.push(der);
        } else if let Item::Crl(der) = item {
            blocks.crls.push(der);
        } else if let Some(key) = key(item) {
            blocks.keys.push(Zeroizing::new(key));
        }
    }
    Ok(blocks)
}

fn key(item: Item) -> Option<PrivateKeyDer<'static>> {
    if let Item::Pkcs1Key(der) = item {
        Some(der.into())
    } else if let Item::Pkcs8Key(der) = item {
        Some(der.into())
    } else if let Item::Sec1Key(der) = item {
        Some(der.into())
    } else {
        None
    }
}
