//! Threats and the failures of others, as rows of data: `cases/*.json`, and the vectors that the peers fire at real servers.
//!
//! Each row emits its id after its assertion; the last test reads what ran. What only the agent can show is counted by the agent's own test
//! binary `threats`, which runs these rows too and demands every id.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod rows;

use std::collections::BTreeSet;

/// What streams, records and sockets show, and the policy alone cannot.
const OF_THE_AGENT: [&str; 11] = [
    "E1", "E2", "E4", "E5", "E8", "E9", "F1", "F5", "F7", "PF8", "PF22",
];
/// The same, and what does not apply yet: no serial (PF14), no signature (PF15).
const OTHER: [&str; 3] = ["PF14", "PF15", "PF23"];

#[test]
fn every_threat_has_its_rows_and_every_row_its_outcome() {
    let emitted = rows::run();
    let families = [
        ("A", 23),
        ("B", 14),
        ("C", 15),
        ("E", 10),
        ("F", 7),
        ("PF", 25),
    ];
    let all: BTreeSet<String> = families
        .iter()
        .flat_map(|(family, last)| (1..=*last).map(move |n| format!("{family}{n}")))
        .filter(|id| !OF_THE_AGENT.contains(&id.as_str()) && !OTHER.contains(&id.as_str()))
        .collect();
    let missing: Vec<_> = all.difference(&emitted).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

#[test]
fn a_flipped_verdict_fails() {
    for row in rows::rows() {
        for flipped in rows::flipped(&row) {
            assert!(rows::broken(&flipped).is_some(), "{flipped}");
        }
    }
    assert_eq!(rows::vectors_that_survive_a_flip(), Vec::<String>::new());
}
