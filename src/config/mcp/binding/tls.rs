//! The fields of a binding that are about TLS.

use super::super::super::mistake::Fault;
use super::super::super::paths::{ClientIdentity, ConfiguredPath};
use super::super::super::reference;
use super::super::super::table::SERVER_URLS;
use super::{FieldReader, KNOWN, TlsMin};

/// Those that mean something without TLS.
const PLAIN: [&str; 2] = ["url", "channel"];

impl FieldReader<'_, '_> {
    pub(super) fn tls_min(&mut self) -> Option<TlsMin> {
        match self.get("tls-min") {
            Some(_) => self.parsed("tls-min", parse_tls_min),
            None => Some(TlsMin::V13),
        }
    }

    pub(super) fn path(&mut self, name: &str) -> Option<ConfiguredPath> {
        let field = self.get(name)?.clone();
        let resolved = reference::path(&field.text, self.reader.sources().env());
        let path = self.parsed(name, |_| resolved)?;
        Some(ConfiguredPath::new(path, SERVER_URLS.key, field.source))
    }

    pub(super) fn identity(&mut self) -> Option<ClientIdentity> {
        if self.get("client-cert").is_some() != self.get("client-key").is_some() {
            let source = self.source;
            let problem = "has one of `client-cert` and `client-key`";
            self.wrong(source, problem, "give both or neither");
        }
        let (cert, key) = (self.path("client-cert"), self.path("client-key"));
        let issuer = self.path("client-cert-issuer");
        if let Some(issuer) = issuer.as_ref().filter(|_| cert.is_none()) {
            self.failed = true;
            let problem = "has `client-cert-issuer` without `client-cert`";
            let remedy = "give both, or use mcp.client_cert_issuer";
            self.reader.push(issuer.mistake(problem, remedy));
        }
        let (cert, key) = cert.zip(key)?;
        Some(ClientIdentity { cert, key, issuer })
    }

    /// Without TLS nobody would look at them, and the operator would believe in a protection that is not there.
    pub(super) fn refuse_tls_fields(&mut self) {
        for name in KNOWN.iter().filter(|name| !PLAIN.contains(name)) {
            if let Some(field) = self.get(name).cloned() {
                self.wrong(
                    &field.source,
                    format!("has `{name}` with an http URL"),
                    "use https, or remove it",
                );
            }
        }
    }
}

fn parse_tls_min(text: &str) -> Result<TlsMin, Fault> {
    match text {
        "1.2" => Ok(TlsMin::V12),
        "1.3" => Ok(TlsMin::V13),
        _ => Err(Fault::new("is not a version", "write 1.2 or 1.3")),
    }
}
