#![cfg(feature = "demo")]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm
)]
//! The life of commands under faults: the real relay between a service, servers and records in memory, on paused time, with everything that
//! can go wrong going wrong by a seed. Proves: each command has one end, one reply or one recorded reason for none; a server runs each
//! message once and nothing that was refused; nothing goes to a server before its intent is written, and nothing is posted after the
//! service has stopped waiting; a lowered gate stops what is in flight; and after a drain nothing is left.
//!
//! A run that fails prints its seed; `SIMULATION_SEED=n` plays it alone and prints what happened. `SIMULATION_SEEDS=n` plays more or fewer.

mod checker;
mod diary;
mod dice;
mod mutants;
mod records;
mod run;
mod servers;
mod service;

use std::collections::HashSet;
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use diary::Fact;
use mutants::Mutant;

/// Runs of one `make test`.
const RUNS: u64 = 10_000;
/// Runs in which a defect must show.
const RUNS_OF_A_MUTANT: u64 = 300;

/// The panics of the play are part of it and need no report.
fn quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let text = info.payload_as_str().unwrap_or_default();
            if !text.ends_with("that panics") {
                report(info);
            }
        }));
    });
}

fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn every_command_ends_once_whatever_goes_wrong() {
    quiet();
    if let Some(seed) = asked("SIMULATION_SEED") {
        let left = run::play(seed, &run::policy(), None);
        for (at, fact) in &left.facts {
            println!("{at:>12?} {fact:?}");
        }
        let faults = checker::faults(&left);
        assert!(faults.is_empty(), "seed {seed}: {faults:#?}");
        return;
    }
    let runs = asked("SIMULATION_SEEDS").unwrap_or(RUNS);
    let next = AtomicU64::new(0);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let policy = run::policy();
                while let seed = next.fetch_add(1, Ordering::Relaxed)
                    && seed < runs
                {
                    let faults = checker::faults(&run::play(seed, &policy, None));
                    assert!(faults.is_empty(), "SIMULATION_SEED={seed}: {faults:#?}");
                }
            });
        }
    });
}

#[test]
fn a_seed_plays_the_same_run_again() {
    quiet();
    let policy = run::policy();
    for seed in 0..200 {
        let [first, second] = [(), ()].map(|()| {
            let mut facts = run::play(seed, &policy, None).facts;
            // Those who wait for the same thing are woken in any order.
            facts.sort_by_cached_key(|(at, fact)| (*at, format!("{fact:?}")));
            facts
        });
        assert_eq!(first, second, "seed {seed}");
    }
}

/// The play is rich enough: every way a command can end is seen in it.
#[test]
fn every_end_is_seen() {
    quiet();
    let policy = run::policy();
    let seen: HashSet<&str> = (0..RUNS_OF_A_MUTANT)
        .flat_map(|seed| run::play(seed, &policy, None).facts)
        .flat_map(|(_, fact)| match fact {
            Fact::Outcome { reason, reply, .. } => vec![reason, reply.err().unwrap_or("replied")],
            Fact::Refusal { reason, .. } => vec![reason],
            _ => vec![],
        })
        .collect();
    for end in [
        "replied",
        "expired",
        "lost",
        "post_failed",
        "duplicate",
        "timeout",
        "eof",
        "gate.not_object",
        "connection_refused",
        "decision_failed",
        "channel_busy",
        "gate_lowered",
        "audit_unavailable",
        "tool_not_listed",
        "channel_not_listed",
        "cancel_unbound",
        "unusable_command",
    ] {
        assert!(seen.contains(end), "no run ended with `{end}`: {seen:?}");
    }
}

/// The checker finds every defect it is there for.
#[test]
fn a_defect_is_found() {
    quiet();
    let policy = run::policy();
    for mutant in Mutant::ALL {
        let found = (0..RUNS_OF_A_MUTANT)
            .any(|seed| !checker::faults(&run::play(seed, &policy, Some(mutant))).is_empty());
        assert!(found, "{mutant:?} went unseen");
    }
}
