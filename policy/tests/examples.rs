//! The policies we ship load, keep the one layout, and pass the tests inside them; each test is seen to fail when its verdict is turned round.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use portcullis_policy::PolicySet;
use portcullis_policy::document::layout;

const EXAMPLES: [(&str, &str); 5] = [
    ("read-only", include_str!("../examples/read-only.toml")),
    (
        "paths-confined",
        include_str!("../examples/paths-confined.toml"),
    ),
    (
        "high-risk-denied",
        include_str!("../examples/high-risk-denied.toml"),
    ),
    (
        "regulated-strict",
        include_str!("../examples/regulated-strict.toml"),
    ),
    (
        "observe-first",
        include_str!("../examples/observe-first.toml"),
    ),
];

#[test]
fn each_loads_and_passes_its_own_tests() {
    for (name, text) in EXAMPLES {
        let report = PolicySet::check(text.as_bytes());
        assert_eq!(report.mistakes, [], "{name}");
        assert_eq!(report.policy.unwrap().name(), name);
        assert_eq!(
            report.tests.len(),
            text.matches("\n[[test]]").count(),
            "{name}"
        );
        assert!(
            report.tests.len() >= 3 && report.tests.iter().all(|test| test.passed),
            "{name}"
        );
    }
}

#[test]
fn each_stands_in_the_one_layout() {
    for (name, text) in EXAMPLES
        .into_iter()
        .chain([("default", PolicySet::DEFAULT)])
    {
        assert_eq!(layout(text.as_bytes()).unwrap(), text, "{name}");
    }
}

#[test]
fn a_test_whose_verdict_is_turned_round_keeps_the_policy_from_loading() {
    for (name, text) in EXAMPLES {
        for (at, _) in text.match_indices("expect = ") {
            let (before, after) = text.split_at(at);
            let turned = match after.strip_prefix("expect = \"allow\"") {
                Some(rest) => format!("{before}expect = \"deny\"{rest}"),
                None => after
                    .replacen("expect = \"deny\"", "expect = \"allow\"", 1)
                    .replacen("\nreason", "\n#", 1),
            };
            let turned = if after.starts_with("expect = \"allow\"") {
                turned
            } else {
                format!("{before}{turned}")
            };
            let mistakes = PolicySet::compile(turned.as_bytes())
                .map(|_| ())
                .unwrap_err();
            assert_eq!(mistakes.len(), 1, "{name}: {mistakes:?}");
            assert!(
                mistakes[0].problem.contains("fails: the rules say"),
                "{name}: {mistakes:?}"
            );
        }
    }
}

#[test]
fn the_strict_policy_has_nothing_to_warn_of() {
    let report = PolicySet::check(EXAMPLES[3].1.as_bytes());
    assert_eq!(report.warnings, []);
}
