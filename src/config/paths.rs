//! Paths that keep where they were configured.
//!
//! Promises: whoever opens the file later can report a fault in the same form as every other mistake.
//! Leaves to others: opening the file.

use std::path::{Path, PathBuf};

use super::given::Value;
use super::mistake::{Fault, Mistake, Source};
use super::reader::Reader;
use super::reference;
use super::table::Setting;

/// A path and the setting it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredPath {
    path: PathBuf,
    setting: String,
    source: Source,
}

impl ConfiguredPath {
    /// A path given by `setting` in `source`.
    pub fn new(path: impl Into<PathBuf>, setting: impl Into<String>, source: Source) -> Self {
        Self {
            path: path.into(),
            setting: setting.into(),
            source,
        }
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A mistake about the file at this path.
    pub fn mistake(&self, problem: impl Into<String>, remedy: impl Into<String>) -> Mistake {
        Mistake::new(self.setting.clone(), self.source.clone(), problem, remedy)
    }
}

/// A client certificate and its key, still as files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientIdentity {
    /// The certificate chain.
    pub cert: ConfiguredPath,
    /// The private key.
    pub key: ConfiguredPath,
    /// The CA that must have issued the certificate; any if there is none.
    pub issuer: Option<ConfiguredPath>,
}

/// The path a setting gives.
pub(crate) fn read(reader: &mut Reader<'_>, setting: &'static Setting) -> Option<ConfiguredPath> {
    let (path, source) = reader.text(setting)?;
    Some(ConfiguredPath::new(path, setting.key, source))
}

/// The paths a list gives.
pub(crate) fn read_list(reader: &mut Reader<'_>, setting: &'static Setting) -> Vec<ConfiguredPath> {
    let items = reader.given(setting).map(|given| given.items);
    let mut paths = Vec::new();
    for item in items.unwrap_or_default() {
        let Value::Text(text) = &item.value else {
            continue;
        };
        match reference::path(text.trim(), reader.sources().env()) {
            Ok(path) => paths.push(ConfiguredPath::new(path, setting.key, item.source)),
            Err(fault) => reader.fault(setting, &item.source, fault),
        }
    }
    paths
}

/// A certificate with its key: both or neither (CF-041), and no issuer without them.
pub(crate) fn read_identity(
    reader: &mut Reader<'_>,
    [cert, key, issuer]: [&'static Setting; 3],
) -> Option<ClientIdentity> {
    let given = [cert, key].map(|setting| reader.sources().find(setting));
    let files = (read(reader, cert), read(reader, key));
    let issuer = read(reader, issuer);
    match (given, &issuer) {
        ([Ok(Some(_)), Ok(None)], _) => half(reader, key, cert),
        ([Ok(None), Ok(Some(_))], _) => half(reader, cert, key),
        ([Ok(None), Ok(None)], Some(issuer)) => {
            let remedy = format!("set {}, or remove it", cert.ways());
            reader.push(issuer.mistake(format!("is given without {}", cert.key), remedy));
        }
        _ => {}
    }
    match files {
        (Some(cert), Some(key)) => Some(ClientIdentity { cert, key, issuer }),
        _ => None,
    }
}

fn half(reader: &mut Reader<'_>, missing: &'static Setting, given: &'static Setting) {
    if reader.sources().file_is_unreadable() {
        return;
    }
    let problem = format!(
        "is missing although {} is given: a certificate and its key come together",
        given.key
    );
    let remedy = format!("give both or neither: {}", missing.ways());
    reader.fault(missing, &Source::Absent, Fault::new(problem, remedy));
}
