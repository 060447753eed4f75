//! One MCP server and the channel it serves.
//!
//! Promises: every field is known and given once; in the file the fields are a mapping, so a URL may hold commas.
//! Leaves to others: whether channels are unique and complete (`mcp`).

mod fields;
mod tls;

use portcullis_policy::Channel;

use super::super::channel;
use super::super::given::{Field, Item};
use super::super::mistake::{Fault, Mistake, Source};
use super::super::paths::{ClientIdentity, ConfiguredPath};
use super::super::pin::{self, Pin};
use super::super::reader::Reader;
use super::super::reference;
use super::super::table::SERVER_URLS;
use super::super::url::Url;

const KNOWN: &[&str] = &[
    "url",
    "channel",
    "client-cert",
    "client-key",
    "client-cert-issuer",
    "ca-bundle",
    "tls-min",
    "server-key-pin",
];
const LATER: &[&str] = &["unix-socket", "http-proxy"];

/// The lowest TLS version a channel accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMin {
    /// 1.2, by choice of the operator.
    V12,
    /// 1.3, the default.
    V13,
}

/// One MCP server.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The channel it serves.
    pub channel: Channel,
    /// Where it is.
    pub url: Url,
    /// Shown to this server: its own, else the default of the section.
    pub identity: Option<ClientIdentity>,
    /// The only roots this server may be certified by; `None` uses those of the agent.
    pub ca_bundle: Option<ConfiguredPath>,
    /// What the public key of this server must be; any if there are none.
    pub server_key_pins: Vec<Pin>,
    /// The lowest TLS version.
    pub tls_min: TlsMin,
    /// Where it was configured.
    pub source: Source,
}

/// Reads one binding, recording every mistake in it.
pub(super) fn read(
    reader: &mut Reader<'_>,
    item: &Item,
    default: Option<&ClientIdentity>,
) -> Option<Binding> {
    let fields = match fields::of(item) {
        Ok(fields) => fields,
        Err(fault) => {
            reader.fault(&SERVER_URLS, &item.source, fault);
            return None;
        }
    };
    let mut read = FieldReader {
        reader,
        fields: &fields,
        source: &item.source,
        failed: false,
    };
    read.check_names();
    let binding = read.binding(default);
    binding.filter(|_| !read.failed)
}

struct FieldReader<'r, 'a> {
    reader: &'r mut Reader<'a>,
    fields: &'r [Field],
    source: &'r Source,
    failed: bool,
}

impl FieldReader<'_, '_> {
    fn get(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    fn wrong(&mut self, source: &Source, problem: impl Into<String>, remedy: impl Into<String>) {
        self.failed = true;
        self.reader.push(Mistake::new(
            SERVER_URLS.key,
            source.clone(),
            problem,
            remedy,
        ));
    }

    fn binding(&mut self, default: Option<&ClientIdentity>) -> Option<Binding> {
        let (url, channel, tls_min) = (self.url(), self.channel(), self.tls_min());
        let (own, ca_bundle) = (self.identity(), self.path("ca-bundle"));
        let server_key_pins = self
            .parsed("server-key-pin", pin::parse)
            .unwrap_or_default();
        let url = url?;
        if !url.is_https() {
            self.refuse_tls_fields();
        }
        let default = default.filter(|_| url.is_https());
        Some(Binding {
            channel: channel?,
            url,
            identity: own.or_else(|| default.cloned()),
            ca_bundle,
            server_key_pins,
            tls_min: tls_min?,
            source: self.source.clone(),
        })
    }

    fn check_names(&mut self) {
        let fields = self.fields;
        for (position, field) in fields.iter().enumerate() {
            let twice = fields
                .iter()
                .take(position)
                .any(|earlier| earlier.name == field.name);
            let later = LATER.iter().find(|later| **later == field.name);
            if let Some(later) = later {
                self.wrong(
                    &field.source,
                    format!("has `{later}`, which is not supported yet by portcullis"),
                    "remove it",
                );
            } else if !KNOWN.contains(&field.name.as_str()) {
                let remedy = format!("keys known here: {}", fields::spelled(KNOWN, &field.source));
                self.wrong(&field.source, "has a key that is not known", remedy);
            } else if twice {
                self.wrong(
                    &field.source,
                    format!("has `{}` twice", field.name),
                    "keep one of them",
                );
            }
        }
    }

    fn parsed<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, Fault>) -> Option<T> {
        let field = self.get(name)?.clone();
        match parse(&field.text) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.wrong(
                    &field.source,
                    format!("has a `{name}` that {}", fault.problem),
                    fault.remedy,
                );
                None
            }
        }
    }

    fn url(&mut self) -> Option<Url> {
        let Some(field) = self.get("url").cloned() else {
            let source = self.source;
            self.wrong(source, "has no `url`", "add the URL of the MCP server");
            return None;
        };
        let resolved = match field.source {
            Source::File { .. } => reference::text(field.text, self.reader.sources().env()),
            Source::Flag(_) | Source::Environment(_) | Source::Default | Source::Absent => {
                Ok(field.text)
            }
        };
        self.parsed("url", |_| Url::parse(&resolved?))
    }

    fn channel(&mut self) -> Option<Channel> {
        match self.get("channel") {
            Some(_) => self.parsed("channel", channel::of_binding),
            None => channel::of_binding("").ok(),
        }
    }
}
