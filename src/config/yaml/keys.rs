//! The keys of the file, from the tables.

use std::collections::BTreeSet;

use super::super::retired;
use super::super::table::{self, Kind};

/// The key of an entry in a section.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// How a message names a section.
pub(super) fn named(path: &str) -> &str {
    if path.is_empty() { "config" } else { path }
}

/// How a value of this kind is written in the file.
pub(super) fn shape(kind: Kind) -> &'static str {
    match kind {
        Kind::Single(_) => "write one value",
        Kind::List => "write a list, one `- value` a line",
        Kind::Headers => "write a mapping of `Name: value` lines",
        Kind::Bindings => {
            "write a list of mappings, each with `url` and, unless it is main, `channel`"
        }
    }
}

/// Whether the file may have a mapping at this key.
pub(super) fn is_section(path: &str) -> bool {
    keys().any(|known| {
        known
            .strip_prefix(path)
            .is_some_and(|rest| rest.starts_with('.'))
    })
}

/// Every key the file may have.
fn keys() -> impl Iterator<Item = &'static str> {
    let retired = retired::ALL
        .iter()
        .filter(|retired| retired.in_file())
        .map(|retired| retired.key);
    table::all().map(|setting| setting.key).chain(retired)
}

/// The keys a section may have, leaving out what has no effect unless nothing else is there.
pub(super) fn known_under(path: &str) -> String {
    let first = |key: &'static str| {
        let rest = if path.is_empty() {
            key
        } else {
            key.strip_prefix(path)?.strip_prefix('.')?
        };
        rest.split('.').next()
    };
    let working: BTreeSet<&str> = table::all()
        .filter_map(|setting| first(setting.key))
        .collect();
    let names = if working.is_empty() {
        keys().filter_map(first).collect()
    } else {
        working
    };
    names.into_iter().collect::<Vec<_>>().join(", ")
}
