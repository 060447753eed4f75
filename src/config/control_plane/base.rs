//! The base URL: the switch to the mTLS host and the list of allowed hosts.

use super::super::given::{Item, Value};
use super::super::mistake::{Fault, Notice, Source};
use super::super::reader::Reader;
use super::super::table::{ALLOWED_HOSTS, BASE_URL};
use super::super::url::Url;

const DEFAULT_BASE: &str = "https://api.openai.com";
const MTLS_BASE: &str = "https://mtls.api.openai.com";

/// The base that requests go to.
pub(super) fn read(reader: &mut Reader<'_>, has_identity: bool) -> Option<Url> {
    let hosts = allowed_hosts(reader);
    let (given, source) =
        reader.parsed_at(&BASE_URL, |text| Url::parse(effective(text, has_identity)))?;
    if given.has_path() {
        notice_path(reader, &source);
    }
    if has_identity && !given.is_https() {
        reader.fault(
            &BASE_URL,
            &source,
            Fault::new(
                "is http, which cannot show a client certificate",
                "use https",
            ),
        );
    }
    if let Some(fault) = hosts.and_then(|hosts| not_allowed(&given, &hosts)) {
        reader.fault(&BASE_URL, &source, fault);
    }
    given.without_path().ok()
}

/// The mTLS host takes the place of the default base, and of no other (wire sheet 1.1, CF-039, CF-040).
fn effective(text: &str, has_identity: bool) -> &str {
    if has_identity && text.trim_end_matches('/') == DEFAULT_BASE {
        MTLS_BASE
    } else {
        text
    }
}

/// The reference client drops the path without a word (CP-016); so do we, with one.
fn notice_path(reader: &mut Reader<'_>, source: &Source) {
    reader.notice(Notice {
        setting: BASE_URL.key.to_owned(),
        source: source.clone(),
        note: "has a path or query, which is not used; control_plane.url_path sets a prefix"
            .to_owned(),
    });
}

fn not_allowed(base: &Url, hosts: &[String]) -> Option<Fault> {
    let host = base.host().to_ascii_lowercase();
    if hosts.contains(&host) {
        return None;
    }
    let remedy = format!("correct the URL, or add its host to {}", ALLOWED_HOSTS.key);
    Some(Fault::new(
        format!("leads to a host that {} does not list", ALLOWED_HOSTS.key),
        remedy,
    ))
}

/// The list, or `None` if there is none or an entry is wrong.
fn allowed_hosts(reader: &mut Reader<'_>) -> Option<Vec<String>> {
    let given = reader.given(&ALLOWED_HOSTS)?;
    let hosts: Vec<Option<String>> = given.items.iter().map(|item| host(reader, item)).collect();
    hosts.into_iter().collect()
}

fn host(reader: &mut Reader<'_>, item: &Item) -> Option<String> {
    match &item.value {
        Value::Text(text) if is_host(text.trim()) => Some(text.trim().to_ascii_lowercase()),
        Value::Text(_) | Value::Fields(_) => {
            let remedy =
                "write a bare host such as `mtls.api.openai.com`, without scheme, port and path";
            let fault = Fault::new("has an entry that is not a host", remedy);
            reader.fault(&ALLOWED_HOSTS, &item.source, fault);
            None
        }
    }
}

/// A DNS name, an IPv4 address, or an IPv6 address in brackets, as in a URL.
fn is_host(text: &str) -> bool {
    let address = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
        }
    }
}
