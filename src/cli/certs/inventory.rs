//! `portcullis certs inventory`: every certificate and revocation list of the configuration, expired ones as well. It answers PCI DSS 4.2.1.1 and article 7(4) of the DORA
//! technical standards.

mod lists;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::ArgMatches;
use portcullis_certs::{Crl, Fault, Listed, Part};
use serde_json::{Value, json};

use super::super::{FAILURE, SUCCESS, print};
use super::{Streams, arguments::JSON, configured, moment, print_json, read, sentence, shown};
use crate::app::Endpoint;
use crate::config::Environment;

const DAY: Duration = Duration::from_hours(24);

/// Lists them; 1 if one of the files cannot be read or trusted.
pub(super) fn run(matches: &ArgMatches, env: &Environment, (out, err): Streams<'_>) -> u8 {
    let Some(endpoints) = configured(matches, env, err) else {
        return FAILURE;
    };
    let (mut rows, mut lists, mut faults) = (Vec::new(), Vec::new(), Vec::new());
    for endpoint in &endpoints {
        let (listed, revoking, wrong) = list(endpoint);
        let name = endpoint.name.as_str();
        lists.extend(revoking.into_iter().map(|list| (name, list)));
        rows.extend(listed.into_iter().map(|listed| (name, listed)));
        faults.extend(wrong);
    }
    let now = SystemTime::now();
    if matches.get_flag(JSON) {
        let rows: Vec<Value> = rows
            .iter()
            .map(|(endpoint, listed)| row(endpoint, listed, now))
            .collect();
        let faults: Vec<Value> = faults.iter().map(shown).collect();
        let lists: Vec<Value> = lists.iter().map(|list| lists::row(list, now)).collect();
        print_json(
            out,
            &json!({ "certificates": rows, "revocation_lists": lists, "faults": faults }),
        );
    } else {
        let rows = rows
            .iter()
            .map(|(endpoint, listed)| text(endpoint, listed, now));
        let lists = lists.iter().map(|list| lists::text(list, now));
        print(out, &rows.chain(lists).collect::<String>());
        let faults: String = faults
            .iter()
            .map(|fault| sentence("fault", fault))
            .collect();
        print(err, &faults);
    }
    if faults.is_empty() { SUCCESS } else { FAILURE }
}

fn list(endpoint: &Endpoint) -> (Vec<Listed>, Vec<(PathBuf, Crl)>, Vec<Fault>) {
    let texts = match read(&endpoint.files) {
        Ok(texts) => texts,
        Err(faults) => return (Vec::new(), Vec::new(), faults),
    };
    let (certificates, mut faults) = texts.certificates();
    let (lists, wrong) = texts.revocation_lists();
    faults.extend(wrong);
    (certificates, lists, faults)
}

const fn usage(listed: &Listed) -> &'static str {
    match (listed.part, listed.is_first) {
        (Part::Certificate, true) => "client identity",
        (Part::Certificate, false) => "issuer sent with the client identity",
        (Part::Issuers, _) => "issuer the client identity must have",
        (Part::Key | Part::Roots | Part::Crl, _) => "trust root",
    }
}

/// Whole days until it ends; negative once it has.
fn days_left(end: SystemTime, now: SystemTime) -> i64 {
    let days = |span: Duration| i64::try_from(span.as_secs() / DAY.as_secs()).unwrap_or(i64::MAX);
    match end.duration_since(now) {
        Ok(left) => days(left),
        Err(over) => -days(over.duration()) - 1,
    }
}

fn row(endpoint: &str, listed: &Listed, now: SystemTime) -> Value {
    let entry = &listed.entry;
    json!({
        "endpoint": endpoint,
        "use": usage(listed),
        "file": listed.file.display().to_string(),
        "subject": entry.subject,
        "issuer": entry.issuer,
        "serial": entry.serial,
        "names": entry.names,
        "key": entry.key,
        "not_before": moment(entry.validity.not_before),
        "not_after": moment(entry.validity.not_after),
        "days_left": days_left(entry.validity.not_after, now),
        "sha256": entry.sha256,
        "spki_sha256": entry.spki,
    })
}

fn text(endpoint: &str, listed: &Listed, now: SystemTime) -> String {
    let Listed { file, entry, .. } = listed;
    let left = days_left(entry.validity.not_after, now);
    let usage = usage(listed);
    format!(
        "{endpoint}: {usage}, {left} days left\n  file `{}`\n  {entry}\n",
        file.display()
    )
}
