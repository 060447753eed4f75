//! What can be wrong with certificates, keys and roots: one stable code and one clear sentence each.
//!
//! Promises: labels never change meaning (they become metrics and audit fields); a sentence says what is wrong, where,
//! and what to do; nothing of a key's content is ever part of one.

use std::{
    fmt,
    path::{Path, PathBuf},
};

pub use code::Code;

mod code;

/// Which of the inputs a fault is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The certificate chain of an identity.
    Certificate,
    /// The private key of an identity.
    Key,
    /// A bundle of trust roots.
    Roots,
    /// The CA certificates our own identity must be issued under.
    Issuers,
    /// A list of revoked certificates.
    Crl,
}

impl Part {
    /// The code for more bytes than such a file may have.
    pub(crate) fn too_large(self) -> Code {
        match self {
            Self::Crl => Code::CrlTooLarge,
            Self::Certificate | Self::Key | Self::Roots | Self::Issuers => Code::TooLarge,
        }
    }

    /// As a sentence names it.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Key => "private key",
            Self::Roots => "root bundle",
            Self::Issuers => "issuing CA",
            Self::Crl => "revocation list",
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

    /// The file it is about, if it was read from one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
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
        let (label, what) = (self.code.label(), self.code.problem());
        let file = self.file.as_ref();
        let file = file.map_or_else(String::new, |file| format!(" file `{}`", file.display()));
        let detail = self.detail.as_ref();
        let detail = detail.map_or_else(String::new, |detail| format!(": {detail}"));
        format!("{}{file} {what}{detail} [{label}]", self.part.noun())
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        self.code.remedy()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.problem(), self.remedy())
    }
}

impl std::error::Error for Fault {}
