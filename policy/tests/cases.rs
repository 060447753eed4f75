//! The failures of others (PF1 to PF25) and what servers send to a model (C1 to C15), as rows of data: `cases/failures.json`.
//!
//! A row is a policy and a message with what is said to it, an answer of the server with what becomes of it, or a file that must not load. Each
//! row emits its id after its assertion; the last test reads what ran.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::collections::BTreeSet;

use portcullis_policy::permit::Verdict;
use portcullis_policy::{PolicySet, Step};
use serde_json::Value;
use support::{UPSTREAM_ID, admit_with, compile, judge};

const ROWS: &str = include_str!("../cases/failures.json");

/// What is shown elsewhere, and where: streams and records belong to the agent; PF9, PF14 and PF15 do not apply; the rest needs the digests and
/// the definitions of a live listing.
const ELSEWHERE: [(&str, &str); 15] = [
    (
        "PF8",
        "the agent reads events and hands each to the judge that PF7 shows",
    ),
    ("PF9", "there are no tools that call tools"),
    ("PF14", "no serial yet"),
    ("PF15", "no signature yet"),
    ("PF17", "the digest is the agent's"),
    (
        "PF20",
        "tests/rules.rs: a tightened argument reaches a call in flight",
    ),
    ("PF22", "the agent's record"),
    ("PF23", "the agent's record"),
    ("C2", "tests/rules.rs: a pin is one digest of everything"),
    (
        "C3",
        "tests/rules.rs: a pinned tool is called only as it was reviewed",
    ),
    ("C6", "text is passed on as it is, within limits"),
    ("C10", "definitions of a live listing"),
    ("C11", "this package opens nothing"),
    ("C12", "definitions of a live listing"),
    ("C14", "definitions of a live listing"),
];

fn rows() -> Vec<Value> {
    serde_json::from_str(ROWS).unwrap()
}

fn text<'r>(row: &'r Value, key: &str) -> &'r str {
    row[key].as_str().unwrap_or_default()
}

/// What becomes of a row.
fn outcome(row: &Value) -> String {
    if row.get("file").is_some() {
        let mistakes = PolicySet::compile(text(row, "file").as_bytes())
            .map(|_| ())
            .err()
            .unwrap_or_default();
        return mistakes
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n");
    }
    let policy = compile(&format!(
        "schema = 1\n[[server]]\nchannel = \"main\"\n{}",
        text(row, "rules")
    ));
    let headers: Vec<(String, String)> = row
        .get("headers")
        .map_or_else(Vec::new, |h| serde_json::from_value(h.clone()).unwrap());
    let sent: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let mut exchange = match admit_with(&policy, text(row, "message").to_owned(), &sent) {
        Err(refused) => return refused.reason().label().to_owned(),
        Ok((permitted, exchange)) => {
            let headers = permitted.into_outgoing().headers;
            assert!(
                headers
                    .iter()
                    .all(|header| !header.name.starts_with("x-portcullis")
                        && !header.name.starts_with("mcp-param"))
            );
            exchange
        }
    };
    if row.get("answer").is_none() {
        return exchange.observed().map_or("ok".to_owned(), |(reason, _)| {
            format!("observed {}", reason.label())
        });
    }
    let answer = text(row, "answer").replace("$ID", &UPSTREAM_ID.to_string());
    match judge(&policy, &mut exchange, &answer) {
        Step::Notify(_) => "notified".to_owned(),
        Step::Reply(_) => "replied".to_owned(),
        Step::Ignore(ignored) => format!("ignored {}", ignored.label()),
        Step::Final(released, Verdict::Released { removed }) => {
            if removed == 0 {
                assert_eq!(
                    support::json(&released),
                    answer.replace(&UPSTREAM_ID.to_string(), "1"),
                    "bytes are kept"
                );
            }
            format!("released without {removed}")
        }
        Step::Final(_, Verdict::Refused(reason, _)) => format!("refused {}", reason.label()),
        Step::Final(_, Verdict::Failed(..)) => "failed".to_owned(),
    }
}

/// Whether a row has the outcome it expects: exactly, or as a part of the mistakes of a file.
fn holds(row: &Value, expected: &str) -> bool {
    let found = outcome(row);
    if row.get("file").is_some() {
        found.contains(expected)
    } else {
        found == expected
    }
}

/// Runs every row; the ids of those that were asserted.
fn run() -> BTreeSet<String> {
    let mut emitted = BTreeSet::new();
    for row in rows() {
        assert!(
            holds(&row, text(&row, "expect")),
            "{row}: {}",
            outcome(&row)
        );
        emitted.insert(text(&row, "id").to_owned());
    }
    emitted
}

#[test]
fn every_failure_has_its_rows_and_every_row_its_outcome() {
    let emitted = run();
    let all = (1..=25)
        .map(|n| format!("PF{n}"))
        .chain((1..=15).map(|n| format!("C{n}")));
    for id in all {
        let elsewhere = ELSEWHERE.iter().any(|(known, _)| *known == id);
        assert_ne!(
            emitted.contains(&id),
            elsewhere,
            "{id} is shown by a row, or said to be shown elsewhere"
        );
    }
}

#[test]
fn a_flipped_verdict_fails() {
    for row in rows() {
        let flipped = if text(&row, "expect") == "ok" {
            "tool_not_listed"
        } else {
            "ok"
        };
        assert!(!holds(&row, flipped), "{row}");
    }
}
