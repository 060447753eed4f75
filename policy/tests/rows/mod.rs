//! Rows of data, run: what a policy says to a message, what becomes of an answer, and which files do not load. Used by the tests of this package
//! and by the completeness count of the agent, which reads what ran.
//!
//! A row has an `id`, what it shows (`what`), and either a `file` that must not load, or `rules` and `steps`. A step asks (`ask`), answers a call
//! that was asked (`answer`, `of`), lets time pass (`after_ms`), changes the policy (`policy`), lists definitions (`listing`), or ends a call (`end`).
//! Messages are members of a JSON-RPC message, or bytes (`text`, `base64`, `parts`); `$ID` is the id we gave.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod spelled;
mod stage;
mod vectors;

use std::collections::BTreeSet;

use portcullis_policy::PolicySet;
use serde_json::Value;
use stage::Stage;

const FILES: [&str; 4] = [
    include_str!("../../cases/failures.json"),
    include_str!("../../cases/messages.json"),
    include_str!("../../cases/bindings.json"),
    include_str!("../../cases/definitions.json"),
];

/// Every row of the data files.
pub fn rows() -> Vec<Value> {
    let read = |file: &&str| serde_json::from_str::<Vec<Value>>(file).unwrap();
    FILES.iter().flat_map(read).collect()
}

/// Runs every row and every vector of the peers; the ids of those whose assertions held, each emitted after its own.
pub fn run() -> BTreeSet<String> {
    let (mut emitted, mut failed) = (BTreeSet::new(), Vec::new());
    for row in rows() {
        match broken(&row) {
            None => {
                emitted.insert(row["id"].as_str().unwrap().to_owned());
            }
            Some((expected, found)) => {
                let (id, what) = (&row["id"], &row["what"]);
                failed.push(format!("{id} {what}: expected {expected}, found {found}"));
            }
        }
    }
    for vector in vectors::load() {
        let name = vector["name"].as_str().unwrap();
        match vectors::holds(&vector) {
            true => {
                emitted.insert(name.split('/').next().unwrap().to_owned());
            }
            false => failed.push(name.to_owned()),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    emitted
}

/// The first expectation of a row that does not hold, and what was found instead.
pub fn broken(row: &Value) -> Option<(String, String)> {
    if let Some(file) = row["file"].as_str() {
        let (found, expected) = (mistakes(file), row["expect"].as_str().unwrap());
        let as_expected = !expected.is_empty() && found.contains(expected);
        return (!as_expected).then(|| (expected.to_owned(), found));
    }
    let mut stage = Stage::set(row);
    let steps = steps(row);
    let asserts = |step: &Value| step.get("expect").is_some();
    assert!(
        steps.iter().any(asserts),
        "a row that expects nothing shows nothing: {row}"
    );
    steps.iter().find_map(|step| stage.play(step).err())
}

/// The steps of a row: its own, or the one or two that a short row is.
fn steps(row: &Value) -> Vec<Value> {
    if let Some(steps) = row["steps"].as_array() {
        return steps.clone();
    }
    let mut ask = serde_json::json!({"ask": {"text": row["message"]}, "headers": row["headers"]});
    if row.get("answer").is_none() {
        ask["expect"] = row["expect"].clone();
        return vec![ask];
    }
    let mut answer =
        serde_json::json!({"answer": {"text": row["answer"]}, "expect": row["expect"]});
    if row["expect"] == "released without 0" {
        // What loses nothing keeps its bytes.
        answer["posted"] = row["answer"].as_str().unwrap().replace("$ID", "1").into();
    }
    vec![ask, answer]
}

fn mistakes(file: &str) -> String {
    let compiled = PolicySet::compile(file.as_bytes()).map(|_| ());
    let lines: Vec<String> = compiled
        .err()
        .unwrap_or_default()
        .iter()
        .map(ToString::to_string)
        .collect();
    lines.join("\n")
}

/// Every copy of a row in which one expectation says something else.
pub fn flipped(row: &Value) -> Vec<Value> {
    let flip = |expected: &Value| if expected == "ok" { "denied" } else { "ok" };
    let Some(steps) = row["steps"].as_array() else {
        let mut copy = row.clone();
        copy["expect"] = flip(&row["expect"]).into();
        return vec![copy];
    };
    let expecting = (0..steps.len()).filter(|at| steps[*at].get("expect").is_some());
    expecting
        .map(|at| {
            let mut copy = row.clone();
            copy["steps"][at]["expect"] = flip(&steps[at]["expect"]).into();
            copy
        })
        .collect()
}

/// Whether a vector of the peers whose verdict is turned around holds still, for every vector.
pub fn vectors_that_survive_a_flip() -> Vec<String> {
    let survives = |vector: &Value| {
        let mut turned = vector.clone();
        turned["verdict"] = if vector["verdict"] == "deny" {
            "allow"
        } else {
            "deny"
        }
        .into();
        vectors::holds(&turned)
    };
    let all = vectors::load();
    all.iter()
        .filter(|vector| survives(vector))
        .map(|vector| vector["name"].to_string())
        .collect()
}
