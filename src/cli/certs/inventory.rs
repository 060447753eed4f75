//! `portcullis certs inventory`: every certificate of the configuration, expired ones as well. It answers PCI DSS 4.2.1.1 and article 7(4) of the DORA
//! technical standards.

use std::time::{Duration, SystemTime};

use clap::ArgMatches;
use portcullis_certs::{Fault, Listed, Part};
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
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for endpoint in &endpoints {
        let (listed, wrong) = list(endpoint);
        rows.extend(
            listed
                .into_iter()
                .map(|listed| (endpoint.name.as_str(), listed)),
        );
        faults.extend(wrong);
    }
    let now = SystemTime::now();
    if matches.get_flag(JSON) {
        let rows: Vec<Value> = rows
            .iter()
            .map(|(endpoint, listed)| row(endpoint, listed, now))
            .collect();
        let faults: Vec<Value> = faults.iter().map(shown).collect();
        print_json(out, &json!({ "certificates": rows, "faults": faults }));
    } else {
        print(
            out,
            &rows
                .iter()
                .map(|(endpoint, listed)| text(endpoint, listed, now))
                .collect::<String>(),
        );
        let faults: String = faults
            .iter()
            .map(|fault| sentence("fault", fault))
            .collect();
        print(err, &faults);
    }
    if faults.is_empty() { SUCCESS } else { FAILURE }
}

fn list(endpoint: &Endpoint) -> (Vec<Listed>, Vec<Fault>) {
    read(&endpoint.files).map_or_else(|faults| (Vec::new(), faults), |texts| texts.certificates())
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
fn days_left(listed: &Listed, now: SystemTime) -> i64 {
    let days = |span: Duration| i64::try_from(span.as_secs() / DAY.as_secs()).unwrap_or(i64::MAX);
    match listed.entry.validity.not_after.duration_since(now) {
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
        "days_left": days_left(listed, now),
        "sha256": entry.sha256,
        "spki_sha256": entry.spki,
    })
}

fn text(endpoint: &str, listed: &Listed, now: SystemTime) -> String {
    let Listed { file, entry, .. } = listed;
    let (usage, left) = (usage(listed), days_left(listed, now));
    format!(
        "{endpoint}: {usage}, {left} days left\n  file `{}`\n  {entry}\n",
        file.display()
    )
}
