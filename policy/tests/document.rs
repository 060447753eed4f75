//! The policy file: a closed language whose mistakes are told with their place and a remedy.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use portcullis_policy::PolicySet;

fn mistakes(text: &str) -> Vec<String> {
    match PolicySet::compile(text.as_bytes()) {
        Ok(_) => panic!("accepted: {text}"),
        Err(mistakes) => mistakes.iter().map(ToString::to_string).collect(),
    }
}

const SERVER: &str = "schema = 1\n[[server]]\nchannel = \"main\"\n";

#[test]
fn every_mistake_is_told_at_once_with_its_place() {
    let text = "schema = 2\n[limits]\nrequest_bytes = 0\njson_depth = 9000\n[[server]]\nchannel = \"Main\"\n[[server]]\nchannel = \"a\"\ntools = [\"x\", \"x\", \"no spaces\"]\n";
    let told = mistakes(text);
    let places: Vec<&str> = told.iter().map(|m| m.split(": ").next().unwrap()).collect();
    assert_eq!(
        places,
        ["1:10", "3:17", "4:14", "6:11", "9:15", "9:20"],
        "{told:#?}"
    );
}

#[test]
fn what_is_not_in_the_language_is_refused_f2_pf12() {
    for (text, part) in [
        (format!("{SERVER}toolz = [\"a\"]\n"), "unknown field"),
        (
            format!("{SERVER}tools = []\n"),
            "an empty list allows nothing",
        ),
        (format!("{SERVER}tools = \"a\"\n"), "invalid type"),
        (
            format!("{SERVER}tools = [\"a\"]\ntools = [\"b\"]\n"),
            "duplicate key",
        ),
        (
            format!("{SERVER}tools = [\"file.*\"]\n"),
            "can never be a tool's name",
        ),
        (
            format!("{SERVER}[[server]]\nchannel = \"main\"\n"),
            "has a `[[server]]` already",
        ),
        (
            format!("{SERVER}forward_headers = [\"Host\"]\n"),
            "no header name in lower case",
        ),
        (
            format!("{SERVER}forward_headers = [\"transfer-encoding\"]\n"),
            "always forwarded or never",
        ),
        (
            "schema = 1\n[limits]\nrequest_bytes = \"1 MB\"\n".to_owned(),
            "this is no size",
        ),
        (
            "schema = 1\n[limits]\nrequest_bytes = \"99999999999999999999MiB\"\n".to_owned(),
            "this is no size",
        ),
        (
            "[[server]]\nchannel = \"main\"\n".to_owned(),
            "missing field `schema`",
        ),
        (String::new(), "missing field `schema`"),
        ("schema = yes\n".to_owned(), ""),
        ("\u{feff}schema = 1\n".to_owned(), "U+FEFF"),
        (format!("{SERVER}name = \"a\u{202e}b\"\n"), "U+202E"),
        (format!("{SERVER}# zero\u{200b}width\n"), "U+200B"),
    ] {
        let told = mistakes(&text);
        assert!(told.iter().any(|m| m.contains(part)), "{text:?}: {told:?}");
        assert!(
            told.iter().all(|m| m.contains("; ")),
            "each names a remedy: {told:?}"
        );
    }
}

#[test]
fn policy_text_is_bounded_and_utf_8() {
    assert!(PolicySet::compile(&vec![b'#'; 1024 * 1024 + 1]).is_err());
    assert!(PolicySet::compile(b"schema = 1 # \xff").is_err());
}

#[test]
fn sizes_read_as_written_and_limits_reach_the_gate() {
    let text = "schema = 1\n[limits]\nrequest_bytes = \"64KiB\"\nresponse_bytes = 1000\njson_depth = 5\njson_members = 6\njson_nodes = 7\n";
    let policy = PolicySet::compile(text.as_bytes()).unwrap();
    let (request, answer) = (
        policy.limits().request_caps(),
        policy.limits().answer_caps(),
    );
    assert_eq!((request.bytes, answer.bytes), (65_536, 1000));
    assert_eq!((request.depth, request.members, request.nodes), (5, 6, 7));
}

#[test]
fn the_default_policy_compiles_and_says_its_defaults() {
    let policy = PolicySet::compile(PolicySet::DEFAULT.as_bytes()).unwrap();
    assert_eq!((policy.server_count(), policy.tool_count()), (0, 0));
    assert_eq!(
        policy.limits(),
        &portcullis_policy::document::Limits::default()
    );
}

#[test]
fn the_audit_section_is_closed_and_defaults_to_deny() {
    use portcullis_policy::document::{AuditRules, Recorded};
    let rules = |text: &str| {
        let text = format!("schema = 1\n[audit]\n{text}");
        PolicySet::compile(text.as_bytes()).map(|policy| policy.audit().clone())
    };
    assert_eq!(rules("").unwrap(), AuditRules::default());
    assert_eq!(AuditRules::default().spool_bytes, None);
    let all = "on_write_failure = \"spool\"\nspool_bytes = \"1MiB\"\ndurability = \"synced\"\narguments = \"names\"\n";
    let expected = AuditRules {
        spool_bytes: Some(1024 * 1024),
        is_synced: true,
        arguments: Recorded::Names,
    };
    assert_eq!(rules(all).unwrap(), expected);
    let bare = rules("on_write_failure = \"spool\"\n").unwrap();
    assert_eq!(bare.spool_bytes, Some(16 * 1024 * 1024));
    for (text, place) in [
        ("on_write_failure = \"ignore\"\n", "3:20: this word"),
        ("durability = \"fast\"\n", "3:14: this word"),
        ("arguments = \"all\"\n", "3:13: this word"),
        ("spool_bytes = 5\n", "3:15: nothing is spooled"),
        (
            "on_write_failure = \"spool\"\nspool_bytes = 0\n",
            "4:15: this size",
        ),
        ("level = 1\n", "3:1: unknown field"),
    ] {
        let told = mistakes(&format!("schema = 1\n[audit]\n{text}"));
        assert!(told[0].starts_with(place), "{told:?}");
    }
}
