//! Every threat by its id, counted by what ran: the rows of the policy, and what only the agent can show.
//!
//! Each show returns the ids it has asserted; nothing else puts an id on the count. It proves that A1 to A23, B1 to B14, C1 to C15, E1 to E10, F1
//! to F7 and the failures of others PF1 to PF25 each have something that ran in this process. PF14 and PF15 do not apply yet: a policy has no serial
//! and no signature.

#![cfg(feature = "demo")]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod commands;
mod doors;
mod faults;
mod log;
#[path = "../../policy/tests/rows/mod.rs"]
mod rows;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;

/// What a show has asserted by the time it returns.
type Ids = Vec<&'static str>;

fn every_id() -> BTreeSet<String> {
    let families = [
        ("A", 23),
        ("B", 14),
        ("C", 15),
        ("E", 10),
        ("F", 7),
        ("PF", 25),
    ];
    let ids = families
        .iter()
        .flat_map(|(family, last)| (1..=*last).map(move |n| format!("{family}{n}")));
    ids.filter(|id| !["PF14", "PF15"].contains(&id.as_str()))
        .collect()
}

fn agent() -> Ids {
    let mut shown = Vec::new();
    let paused = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    shown.extend(paused.block_on(commands::show()));
    shown.extend(paused.block_on(faults::show()));
    drop(paused);
    let real = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    shown.extend(real.block_on(log::show()));
    shown.extend(real.block_on(doors::show()));
    shown
}

#[test]
fn every_threat_is_shown_by_something_that_ran() {
    let mut shown = rows::run();
    shown.extend(agent().into_iter().map(str::to_owned));
    let all = every_id();
    let missing: Vec<&String> = all.difference(&shown).collect();
    assert_eq!(missing, Vec::<&String>::new(), "nothing has shown these");
    let threats = shown.iter().filter(|id| !id.starts_with('D'));
    let unknown: Vec<&String> = threats.filter(|id| !all.contains(*id)).collect();
    assert_eq!(unknown, Vec::<&String>::new(), "no threat has this id");
}
