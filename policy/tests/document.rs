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

/// A file of the whole language.
const WHOLE: &str = include_str!("../examples/regulated-strict.toml");

#[test]
fn each_rule_that_can_never_match_is_a_mistake_pf11_pf12() {
    let tool = |rest: &str| format!("{SERVER}[[server.tool]]\nname = \"a\"\n{rest}");
    let arg = |matcher: &str| tool(&format!("args.x = {{ {matcher} }}\n"));
    for (text, part) in [
        (
            format!("{SERVER}tools = [\"a\"]\n[[server.tool]]\nname = \"a\"\n"),
            "this tool is listed already",
        ),
        (
            format!("{SERVER}tools = [\"get_l\", \"get_1\"]\n"),
            "looks like",
        ),
        (
            format!("{SERVER}tools = [\"a\"]\ntool = 1\n"),
            "invalid type",
        ),
        (tool("calls_per_min = 0\n"), "out of range"),
        (tool("calls_per_min = -1\n"), "out of range"),
        (tool("pin = \"sha256:1\"\n"), "this is no pin"),
        (tool("deny = \"\"\n"), "a denial says why"),
        (
            tool("deny = \"x\"\ncalls_per_min = 1\n"),
            "can never matter",
        ),
        (
            tool("forward_headers = [\"x-a\"]\n"),
            "it belongs to `[[server]]`",
        ),
        (tool("nam = \"a\"\n"), "did you mean `name`?"),
        (
            tool("[server.tool.args.x]\ntype = \"string\"\n"),
            "unknown header `[server.tool.args.x]`",
        ),
        (
            format!("{SERVER}[server.limits]\nrequest_bytes = 5\n"),
            "unknown header `[server.limits]`",
        ),
        (
            format!("{SERVER}limits = {{ request_bytes = \"2MiB\" }}\n"),
            "a server may only lower it",
        ),
        (
            format!("{SERVER}limits = {{ json_depth = 0 }}\n"),
            "out of range",
        ),
        (
            format!("{SERVER}revisions = [\"2025-11-26\"]\n"),
            "no revision of MCP",
        ),
        (format!("{SERVER}revisions = []\n"), "an empty list"),
        (
            format!("{SERVER}methods = [\"tools/call\"]\n"),
            "listing a tool allows it",
        ),
        (
            format!("{SERVER}methods = [\"tasks/update\"]\n"),
            "none is passed on",
        ),
        (
            format!("{SERVER}methods = [\"tasks/result\"]\n"),
            "no call may become a task",
        ),
        (
            format!("{SERVER}methods = [\"ui/message\"]\n"),
            "no method of MCP",
        ),
        (
            format!("{SERVER}server_may_send = [\"sampling/createMessage\"]\n"),
            "cannot be allowed to send",
        ),
        (
            format!("{SERVER}server_may_send = [\"notifications/progress\"]\n"),
            "may always be sent",
        ),
        (
            format!("{SERVER}forward_headers = [\"x-a\", \"x-a\"]\n"),
            "listed already",
        ),
        (format!("{SERVER}observe_until = \"soon\"\n"), "no moment"),
        (format!("{SERVER}observe_until = 2026-01-01\n"), "no moment"),
        (
            format!("{SERVER}observe_until = 2026-01-01T00:00Z\n"),
            "no moment",
        ),
        (
            format!("{SERVER}[[server.resource]]\nscheme = \"file\"\nunder = \"/a/../b\"\n"),
            "no resource can ever match",
        ),
        (
            format!("{SERVER}[[server.resource]]\nscheme = \"file\"\n"),
            "missing field `under`",
        ),
        (
            format!("{SERVER}[[server.prompt]]\nname = \"a b\"\n"),
            "can never be a prompt's name",
        ),
        (arg("max_bytes = 5"), "missing field `type`"),
        (arg("type = \"text\""), "this word is not known here"),
        (
            arg("type = \"string\", min = 1"),
            "`min` can never match a value of type string",
        ),
        (
            arg("type = \"null\", equals = 1"),
            "can never match a value of type null",
        ),
        (
            arg("type = \"integer\", min = 2, max = 1"),
            "`max` is below `min`",
        ),
        (
            arg("type = \"integer\", max = 1, one_of = [2]"),
            "out of bounds",
        ),
        (arg("type = \"number\", max = inf"), "no finite number"),
        (
            arg("type = \"string\", min_bytes = 2, max_bytes = 1"),
            "`max_bytes` is below `min_bytes`",
        ),
        (arg("type = \"string\", max_bytes = 0"), "out of range"),
        (
            arg("type = \"string\", prefix = \"abc\", max_bytes = 2"),
            "longer than `max_bytes`",
        ),
        (
            arg("type = \"string\", prefix = \"\""),
            "every text matches this",
        ),
        (
            arg("type = \"string\", one_of = [\"a\", \"b1\"], charset = \"letters\""),
            "`charset` refuses it",
        ),
        (arg("type = \"string\", one_of = []"), "an empty list"),
        (
            arg("type = \"string\", path_under = \"srv\""),
            "no path can ever be below",
        ),
        (
            arg("type = \"string\", host_in = [\"*.example\"]"),
            "no URL can ever have this host",
        ),
        (
            arg("type = \"string\", schemes = [\"https\"]"),
            "says nothing without `host_in`",
        ),
        (
            arg("type = \"string\", pattern = \"(\""),
            "cannot be compiled",
        ),
        (
            arg("type = \"string\", pattern = \"\\\\d+\""),
            "differs between engines",
        ),
        (
            arg("type = \"string\", pattern = \"(?i)a\""),
            "groups with flags",
        ),
        (
            arg("type = \"string\", pattern = \"(a{1,200}){1,200}\""),
            "too large a table",
        ),
        (
            arg("type = \"array\", each = { type = \"string\", required = true }"),
            "an element is always there",
        ),
        (
            arg("type = \"string\", max_bytes = 5,"),
            "no comma stands before a closing brace",
        ),
        (
            arg("type = \"string\",\n max_bytes = 5"),
            "stands on one line",
        ),
        (
            tool("args.\"p\u{430}th\" = { type = \"integer\" }\n"),
            "two alphabets",
        ),
        (format!("{SERVER}[[foo]]\n"), "unknown header `[[foo]]`"),
        (format!("{SERVER}[extra]\n"), "unknown header `[extra]`"),
        (
            "schema = 1\nname = \"a\\e[0m\"\n".to_owned(),
            "not in TOML 1.0",
        ),
        (
            "schema = 1\n[reload]\non_invalid = \"ignore\"\n".to_owned(),
            "write `keep` or `quarantine`",
        ),
        (
            "schema = 1\nnot_after = 1969-01-01T00:00:00Z\n".to_owned(),
            "no moment",
        ),
    ] {
        let told = mistakes(&text);
        assert!(told.iter().any(|m| m.contains(part)), "{text:?}: {told:#?}");
    }
}

#[test]
fn an_assertion_that_does_not_hold_keeps_the_file_from_loading() {
    let never =
        |rules: &str, never: &str| format!("{SERVER}{rules}[[never]]\nwhy = \"w\"\n{never}\n");
    let deny = "[[server.tool]]\nname = \"a\"\ndeny = \"d\"\n";
    let observe = "observe_until = 2100-01-01T00:00:00Z\n";
    let resource = "[[server.resource]]\nscheme = \"file\"\nunder = \"/srv\"\n";
    let broken = [
        never("tools = [\"a\"]\n", "tool = \"a\""),
        never("tools = [\"a\"]\n", "method = \"tools/call\""),
        never(
            "methods = [\"completion/complete\"]\n",
            "method = \"completion/complete\"",
        ),
        never(
            "tools = [\"a\"]\n",
            "call = { tool = \"a\", args = { x = 1 } }",
        ),
        never(resource, "read = \"file:///srv/a\""),
        never(resource, "read = \"file:///\""),
        never("[[server.prompt]]\nname = \"p\"\n", "prompt = \"p\""),
        never(observe, "tool = \"a\""),
        never(observe, "read = \"file:///etc\""),
    ];
    for text in broken {
        let told = mistakes(&text);
        assert!(
            told[0].contains("allows what may never be allowed"),
            "{text}: {told:?}"
        );
    }
    for text in [
        never("", "tool = \"a\""),
        never(deny, "tool = \"a\""),
        never(&format!("{observe}{deny}"), "tool = \"a\""),
        never(resource, "read = \"file:///etc\""),
        never(
            &format!(
                "{resource}[[server.resource]]\nscheme = \"file\"\nunder = \"/srv/a\"\ndeny = \"d\"\n"
            ),
            "read = \"file:///srv/a/b\"",
        ),
        never("tools = [\"a\"]\n", "channel = \"other\"\ntool = \"a\""),
    ] {
        assert_eq!(
            PolicySet::compile(text.as_bytes()).map(|_| ()),
            Ok(()),
            "{text}"
        );
    }
}

#[test]
fn the_schema_for_editors_knows_every_key_and_no_other() {
    use std::collections::BTreeSet;
    fn keys(value: &serde_json::Value, found: &mut BTreeSet<String>) {
        if let Some(properties) = value.get("properties").and_then(|p| p.as_object()) {
            found.extend(properties.keys().cloned());
        }
        for child in value
            .as_object()
            .into_iter()
            .flat_map(|o| o.values())
            .chain(value.as_array().into_iter().flatten())
        {
            keys(child, found);
        }
    }
    let schema: serde_json::Value = serde_json::from_str(PolicySet::SCHEMA).unwrap();
    let mut known = BTreeSet::new();
    keys(&schema, &mut known);
    let source = include_str!("../src/document/keys.rs");
    let tables = source.split("pub(super) const HEADERS").next().unwrap();
    let written: BTreeSet<String> = tables
        .split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    assert_eq!(known, written);
}

#[test]
fn warnings_name_what_could_be_said_more_narrowly() {
    let text = format!(
        "{SERVER}tools = [\"a\"]\n[[server.tool]]\nname = \"b\"\nargs.x = {{ type = \"string\" }}\nargs.y = {{ type = \"array\" }}\nargs.z = {{ type = \"object\" }}\n[[server.tool]]\nname = \"c\"\n"
    );
    let report = PolicySet::check(text.as_bytes());
    assert_eq!(report.mistakes, []);
    let told: Vec<String> = report.warnings.iter().map(ToString::to_string).collect();
    for part in [
        "4:10: the arguments of `a`",
        "6:8: this tool is not pinned",
        "7:6: this text",
        "8:6: this array",
        "9:6: any object",
        "11:8: this tool takes no arguments",
    ] {
        assert!(
            told.iter().any(|warning| warning.contains(part)),
            "{part}: {told:#?}"
        );
    }
    assert_eq!(PolicySet::check(WHOLE.as_bytes()).warnings, []);
}

/// The instructions are read before any tool: pins of tools alone leave that door open (C1).
#[test]
fn pinned_tools_beside_unpinned_instructions_are_warned_of() {
    let warned = |rest: &str| {
        let report = PolicySet::check(format!("{SERVER}{rest}").as_bytes());
        assert_eq!(report.mistakes, [], "{rest}");
        let told = report.warnings.iter().map(ToString::to_string);
        let about = told.filter(|warning| warning.contains("its instructions are not"));
        about.collect::<Vec<_>>()
    };
    let pin = format!("\"sha256:{}\"", "1".repeat(64));
    let tool = format!("[[server.tool]]\nname = \"b\"\npin = {pin}\n");
    let found = warned(&tool);
    assert!(
        found.len() == 1 && found[0].starts_with("3:11: "),
        "{found:?}"
    );
    assert_eq!(warned(&format!("instructions = {pin}\n{tool}")), [""; 0]);
    assert_eq!(warned("tools = [\"b\"]\n"), [""; 0], "nothing is pinned");
}
