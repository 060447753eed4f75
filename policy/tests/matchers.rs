//! Every matcher against a value that fits, a missing one, one of another type, one written with escapes, and the values at its edges (PF10).
//! The rows are `cases/matchers.json`: a rule, the value of the argument (none: it is missing), and `ok` or the reason.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::collections::BTreeSet;

use portcullis_policy::ArgumentFault;
use support::{admit, compile};

const ROWS: &str = include_str!("../cases/matchers.json");
const KEYS: [&str; 18] = [
    "type",
    "required",
    "one_of",
    "equals",
    "prefix",
    "suffix",
    "path_under",
    "host_in",
    "schemes",
    "min",
    "max",
    "min_bytes",
    "max_bytes",
    "max_items",
    "each",
    "fields",
    "charset",
    "format",
];

fn rows() -> Vec<[String; 3]> {
    serde_json::from_str(ROWS).unwrap()
}

fn verdict(rule: &str, value: &str) -> String {
    let policy = compile(&format!(
        "schema = 1\n[[server]]\nchannel = \"main\"\n[[server.tool]]\nname = \"t\"\nargs.x = {rule}\n"
    ));
    let argument = if value.is_empty() {
        String::new()
    } else {
        format!("\"x\":{value}")
    };
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"t","arguments":{{{argument}}}}}}}"#
    );
    match admit(&policy, body) {
        Ok(_) => "ok".to_owned(),
        Err(refused) => refused.reason().label().to_owned(),
    }
}

#[test]
fn each_row_has_its_verdict_pf10_pf25() {
    for [rule, value, expected] in rows() {
        assert_eq!(verdict(&rule, &value), expected, "{rule} of {value}");
    }
}

#[test]
fn a_flipped_verdict_would_be_seen() {
    for [rule, value, expected] in rows() {
        let flipped = if expected == "ok" {
            "argument.type"
        } else {
            "ok"
        };
        assert_ne!(verdict(&rule, &value), flipped, "{rule} of {value}");
    }
}

#[test]
fn the_rows_name_every_matcher_and_every_reason() {
    let rows = rows();
    for key in KEYS.iter().chain(&["pattern"]) {
        assert!(
            rows.iter()
                .any(|[rule, ..]| rule.contains(&format!("{key} ="))),
            "{key}"
        );
    }
    let found: BTreeSet<&str> = rows.iter().map(|[_, _, reason]| reason.as_str()).collect();
    for fault in [
        ArgumentFault::Unlisted,
        ArgumentFault::Missing,
        ArgumentFault::Type,
        ArgumentFault::OneOf,
        ArgumentFault::Equals,
        ArgumentFault::Prefix,
        ArgumentFault::Suffix,
        ArgumentFault::PathUnder,
        ArgumentFault::HostIn,
        ArgumentFault::Min,
        ArgumentFault::Max,
        ArgumentFault::MinBytes,
        ArgumentFault::MaxBytes,
        ArgumentFault::MaxItems,
        ArgumentFault::Charset,
        ArgumentFault::Format,
        ArgumentFault::Pattern,
    ] {
        assert!(found.contains(fault.label()), "{}", fault.label());
    }
}

#[test]
fn arguments_that_are_no_object_or_missing_are_refused() {
    let policy = compile(
        "schema = 1\n[[server]]\nchannel = \"main\"\n[[server.tool]]\nname = \"t\"\nargs.x = { type = \"string\", required = true, max_bytes = 9 }\n[[server.tool]]\nname = \"none\"\n",
    );
    let call = |tool: &str, rest: &str| {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}"{rest}}}}}"#
        );
        admit(&policy, body)
            .map(|_| ())
            .map_err(|refused| (refused.reason().label(), refused.line().map(|line| line.0)))
    };
    assert_eq!(call("t", ""), Err(("argument.missing", Some(6))));
    assert_eq!(
        call("t", r#","arguments":[]"#),
        Err(("argument.shape", Some(5)))
    );
    assert_eq!(
        call("t", r#","arguments":null"#),
        Err(("argument.shape", Some(5)))
    );
    assert_eq!(call("none", ""), Ok(()));
    assert_eq!(call("none", r#","arguments":{}"#), Ok(()));
    assert_eq!(
        call("none", r#","arguments":{"x":1}"#),
        Err(("argument.unlisted", Some(8)))
    );
}
