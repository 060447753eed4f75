//! The revocation lists of an inventory.

use std::path::PathBuf;
use std::time::SystemTime;

use portcullis_certs::Crl;
use serde_json::{Value, json};

use super::super::moment;
use super::days_left;

/// One list of one endpoint, and its file.
type Row<'a> = (&'a str, (PathBuf, Crl));

pub(super) fn row((endpoint, (file, list)): &Row<'_>, now: SystemTime) -> Value {
    json!({
        "endpoint": endpoint,
        "file": file.display().to_string(),
        "issuer": list.issuer,
        "number": list.number,
        "next_update": moment(list.next_update),
        "days_left": days_left(list.next_update, now),
        "revoked": list.count,
        "sha256": list.sha256,
    })
}

pub(super) fn text((endpoint, (file, list)): &Row<'_>, now: SystemTime) -> String {
    let left = days_left(list.next_update, now);
    format!(
        "{endpoint}: revocation list, {left} days left\n  file `{}`\n  of {}, {} revoked, next update {}\n",
        file.display(),
        list.issuer,
        list.count,
        moment(list.next_update)
    )
}
