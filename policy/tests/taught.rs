//! What the documents teach is what the language does: every policy in them loads and keeps the one layout, its tests pass, what is commented out
//! in the default policy would load, and every key and matcher of the language is taught.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use portcullis_policy::PolicySet;

const TEXT: &str = include_str!("../../docs/policy.md");

fn blocks() -> impl Iterator<Item = &'static str> {
    TEXT.split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
}

#[test]
fn every_example_loads_and_its_tests_pass() {
    let mut tests = 0;
    for block in blocks() {
        let report = PolicySet::check(block.as_bytes());
        assert_eq!(report.mistakes, [], "{block}");
        assert_eq!(
            portcullis_policy::document::layout(block.as_bytes()).as_deref(),
            Ok(block)
        );
        tests += report.tests.len();
    }
    assert!(blocks().count() >= 3 && tests >= 3);
}

#[test]
fn what_the_default_comments_out_would_load() {
    let (limits, rest) = PolicySet::DEFAULT.split_once("# [[server]]").unwrap();
    let opened: String = format!("# [[server]]{rest}")
        .lines()
        .filter(|line| !line.starts_with("# Everything else"))
        .map(|line| format!("{}\n", line.strip_prefix("# ").unwrap_or(line)))
        .collect();
    let report = PolicySet::check(format!("{limits}{opened}").as_bytes());
    assert_eq!(report.mistakes, []);
    assert_eq!(
        (report.tests.len(), report.policy.unwrap().tool_count()),
        (1, 3)
    );
}

#[test]
fn every_key_of_the_language_is_taught() {
    let source = include_str!("../src/document/keys.rs");
    let tables = source.split("pub(super) const HEADERS").next().unwrap();
    for key in tables.split('"').skip(1).step_by(2) {
        assert!(TEXT.contains(key), "`{key}`");
    }
}
