//! Whom to trust: which roots may certify the control plane and the MCP servers.
//!
//! Promises: `replace` never works without a bundle, so nobody ends up trusting nothing or everything by accident.
//! Leaves to others: reading the bundle (startup).

use super::mistake::Fault;
use super::paths::{self, ConfiguredPath};
use super::reader::Reader;
use super::switch;
use super::table::{CA_BUNDLE, CERT_PROFILE, CRL_FILES, SYSTEM_ROOTS, TRUST_MODE};

/// The roots to start from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// Private CA certificates.
    pub ca_bundle: Option<ConfiguredPath>,
    /// How they relate to the public ones.
    pub mode: TrustMode,
    /// Revocation lists, of any CA concerned.
    pub crls: Vec<ConfiguredPath>,
    /// How strict to be with certificates.
    pub profile: CertProfile,
    /// Whether the roots of the operating system join the built-in public ones; without effect under `Replace`.
    pub system_roots: bool,
}

/// How strict to be where no peer would refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertProfile {
    /// What is unwise is told.
    Default,
    /// What is unwise is refused.
    Strict,
}

/// How private roots relate to public ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustMode {
    /// Beside them.
    Add,
    /// In place of them.
    Replace,
}

/// Reads the section, recording every mistake.
pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Trust> {
    let bundle_given = !matches!(reader.sources().find(&CA_BUNDLE), Ok(None));
    let ca_bundle = paths::read(reader, &CA_BUNDLE);
    let mode = reader.parsed_at(&TRUST_MODE, parse_mode);
    let system_roots = reader.parsed(&SYSTEM_ROOTS, switch::parse);
    let crls = paths::read_list(reader, &CRL_FILES);
    let profile = reader.parsed(&CERT_PROFILE, parse_profile);
    let (mode, source) = mode?;
    if mode == TrustMode::Replace && !bundle_given && !reader.sources().file_is_unreadable() {
        let problem = format!("is replace although {} is not given", CA_BUNDLE.key);
        reader.fault(
            &TRUST_MODE,
            &source,
            Fault::new(problem, format!("set {}", CA_BUNDLE.ways())),
        );
    }
    Some(Trust {
        ca_bundle,
        mode,
        crls,
        profile: profile?,
        system_roots: system_roots?,
    })
}

fn parse_profile(text: &str) -> Result<CertProfile, Fault> {
    match text {
        "default" => Ok(CertProfile::Default),
        "strict" => Ok(CertProfile::Strict),
        _ => Err(Fault::new(
            "is not a profile of certificates",
            "write `default` or `strict`",
        )),
    }
}

fn parse_mode(text: &str) -> Result<TrustMode, Fault> {
    match text {
        "add" => Ok(TrustMode::Add),
        "replace" => Ok(TrustMode::Replace),
        _ => Err(Fault::new(
            "is not a mode of trust",
            "write `add` or `replace`",
        )),
    }
}
