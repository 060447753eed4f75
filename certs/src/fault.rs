//! What can be wrong with certificates, keys and roots: one stable code and one clear sentence each.
//!
//! Promises: labels never change meaning (they become metrics and audit fields); a sentence says what is wrong, where,
//! and what to do; nothing of a key's content is ever part of one.

use std::{
    fmt,
    path::{Path, PathBuf},
};

/// Which of the inputs a fault is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The certificate chain of an identity.
    Certificate,
    /// The private key of an identity.
    Key,
    /// A bundle of trust roots.
    Roots,
}

impl Part {
    fn noun(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Key => "private key",
            Self::Roots => "root bundle",
        }
    }
}

/// The reason, stable across releases: see [`Code::label`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(
    missing_docs,
    reason = "each code is explained by its row in `Code::row`"
)]
pub enum Code {
    Unreadable,
    NotRegular,
    TooLarge,
    PermKey,
    PemGarbage,
    PemNoCert,
    PemNoKey,
    PemManyKeys,
    PemEncrypted,
    PemWrongBlock,
    KeyMismatch,
    KeyUnknown,
    KeyWeak,
    Expired,
    NotYetValid,
    LeafIsCa,
    EkuNoClientAuth,
    KuNoDigitalSignature,
    ChainOrder,
    BundleEmpty,
    AnchorNotCa,
    AnchorExpired,
}

impl Code {
    /// The stable name, for logs, metrics and audit records.
    #[must_use]
    pub fn label(self) -> &'static str {
        self.row().0
    }

    /// Label, what is wrong, remedy.
    #[rustfmt::skip]
    fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Unreadable => ("unreadable", "cannot be read", "check the path and the permissions of the service user"),
            Self::NotRegular => ("not_regular", "is not a regular file", "name the PEM file itself"),
            Self::TooLarge => ("too_large", "is larger than the limit", "name the right file, or remove what does not belong in it"),
            Self::PermKey => ("perm_key", "is open to more users than it should be", "run `chmod 0600` on it (0640 at most)"),
            Self::PemGarbage => ("pem_garbage", "is not well-formed PEM", "export it again as PEM text with BEGIN and END lines"),
            Self::PemNoCert => ("pem_no_cert", "holds no certificate", "put the certificate chain into it, leaf first"),
            Self::PemNoKey => ("pem_no_key", "holds no private key", "put the key of the certificate into it"),
            Self::PemManyKeys => ("pem_many_keys", "holds more than one private key", "keep only the key of the certificate"),
            Self::PemEncrypted => ("pem_encrypted", "is encrypted with a passphrase", "decrypt it with `openssl pkey` and protect the file by its mode"),
            Self::PemWrongBlock => ("pem_wrong_block", "holds a block that does not belong here", "check that certificate and key files are not swapped, and remove the block"),
            Self::KeyMismatch => ("key_mismatch", "does not belong to the certificate", "give the key the certificate was issued for"),
            Self::KeyUnknown => ("key_unknown", "is of a kind that cannot be used", "use ECDSA on P-256, P-384 or P-521, Ed25519, or RSA of 2048 to 8192 bits"),
            Self::KeyWeak => ("key_weak", "has a key that is too weak", "issue it again for RSA of at least 2048 bits, or ECDSA on P-256 or larger"),
            Self::Expired => ("expired", "has expired", "put a renewed certificate in place"),
            Self::NotYetValid => ("not_yet_valid", "is not valid yet", "wait, or check the clock of this machine"),
            Self::LeafIsCa => ("leaf_is_ca", "is a CA certificate, which servers refuse from a client", "issue a leaf certificate (basicConstraints CA:FALSE) for this client"),
            Self::EkuNoClientAuth => ("eku_no_client_auth", "is not meant for client authentication", "issue it with extendedKeyUsage clientAuth"),
            Self::KuNoDigitalSignature => ("ku_no_digital_signature", "is not allowed to sign a handshake", "issue it with keyUsage digitalSignature"),
            Self::ChainOrder => ("chain_order", "holds a chain in the wrong order", "order it leaf first, each followed by the certificate that issued it"),
            Self::BundleEmpty => ("bundle_empty", "holds no trust root", "put at least one CA certificate into it"),
            Self::AnchorNotCa => ("anchor_not_ca", "holds a certificate that is not a CA", "keep only CA certificates in it"),
            Self::AnchorExpired => ("anchor_expired", "holds a CA certificate that has expired", "remove it, and add its successor"),
        }
    }
}

/// One thing that is wrong. [`fmt::Display`] is the sentence for people, [`Fault::code`] the name for machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    code: Code,
    part: Part,
    detail: Option<String>,
    file: Option<PathBuf>,
}

impl Fault {
    pub(crate) fn new(code: Code, part: Part) -> Self {
        Self {
            code,
            part,
            detail: None,
            file: None,
        }
    }

    /// Adds what the reader needs to find the spot: a subject, a date, a count. Never anything of a key.
    pub(crate) fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The reason.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// Which input it is about.
    #[must_use]
    pub fn part(&self) -> Part {
        self.part
    }

    /// Names the file the input was read from.
    #[must_use]
    pub fn in_file(mut self, file: &Path) -> Self {
        self.file = Some(file.to_owned());
        self
    }
}

impl Fault {
    /// What is wrong and where, without the remedy.
    #[must_use]
    pub fn problem(&self) -> String {
        let (label, what, _) = self.code.row();
        let file = self.file.as_ref();
        let file = file.map_or_else(String::new, |file| format!(" file `{}`", file.display()));
        let detail = self.detail.as_ref();
        let detail = detail.map_or_else(String::new, |detail| format!(": {detail}"));
        format!("{}{file} {what}{detail} [{label}]", self.part.noun())
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        self.code.row().2
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.problem(), self.remedy())
    }
}

impl std::error::Error for Fault {}
