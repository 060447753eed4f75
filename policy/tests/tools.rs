//! What reads, compares and lays out policies: the one layout, differences with their direction, and explanations.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use portcullis_policy::document::{diff, direction, layout};
use portcullis_policy::{Channel, Direction, PolicySet};
use proptest::prelude::*;
use support::{NOW, compile};

const SERVER: &str = "schema = 1\n[[server]]\nchannel = \"main\"\n";
const STRICT: &str = include_str!("../examples/regulated-strict.toml");

fn way(old: &str, new: &str) -> Direction {
    direction(&diff(&compile(old), &compile(new)))
}

fn tool(rest: &str) -> String {
    format!("{SERVER}[[server.tool]]\nname = \"a\"\n{rest}")
}

fn arg(matcher: &str) -> String {
    tool(&format!("args.x = {{ {matcher} }}\n"))
}

/// A narrower policy and a wider one.
fn narrower() -> Vec<(String, String)> {
    let server = |rest: &str| format!("{SERVER}{rest}");
    let text = |rest: &str| arg(&format!("type = \"string\"{rest}"));
    let pin = "pin = \"sha256:0101010101010101010101010101010101010101010101010101010101010101\"\n";
    vec![
        (server(""), server("tools = [\"a\"]\n")),
        (tool("deny = \"d\"\n"), tool("")),
        (tool("deny = \"d\"\n"), server("")),
        (tool(""), server("tools = [\"a\"]\n")),
        (tool(pin), tool("")),
        (tool("calls_per_min = 1\n"), tool("calls_per_min = 2\n")),
        (tool("calls_per_min = 2\n"), tool("")),
        (tool(""), arg("type = \"string\"")),
        (
            arg("type = \"string\", required = true"),
            arg("type = \"string\""),
        ),
        (text(", equals = \"a\""), text("")),
        (
            text(", one_of = [\"a\"]"),
            text(", one_of = [\"b\", \"a\"]"),
        ),
        (text(", prefix = \"ab\""), text(", prefix = \"a\"")),
        (text(", suffix = \"ba\""), text(", suffix = \"a\"")),
        (text(", min_bytes = 2"), text(", min_bytes = 1")),
        (text(", max_bytes = 1"), text(", max_bytes = 2")),
        (text(", charset = \"hex\""), text("")),
        (text(", format = \"uuid\""), text("")),
        (text(", pattern = \"a\""), text("")),
        (
            text(", path_under = \"/a/b\""),
            text(", path_under = \"/a\""),
        ),
        (
            text(", host_in = [\"h.a\"]"),
            text(", host_in = [\"h.b\", \"h.a\"]"),
        ),
        (
            text(", host_in = [\"h.a\"]"),
            text(", host_in = [\"h.a\"], schemes = [\"http\", \"https\"]"),
        ),
        (
            arg("type = \"integer\", min = 2"),
            arg("type = \"integer\", min = 1"),
        ),
        (
            arg("type = \"number\", max = 1.5"),
            arg("type = \"number\", max = 2"),
        ),
        (
            arg("type = \"boolean\", equals = true"),
            arg("type = \"boolean\""),
        ),
        (
            arg("type = \"array\", max_items = 1"),
            arg("type = \"array\", max_items = 2"),
        ),
        (
            arg("type = \"array\", each = { type = \"null\" }"),
            arg("type = \"array\""),
        ),
        (
            arg("type = \"object\", fields = {}"),
            arg("type = \"object\""),
        ),
        (
            arg("type = \"object\", fields = {}"),
            arg("type = \"object\", fields = { y = { type = \"null\" } }"),
        ),
        (server("revisions = [\"2025-11-25\"]\n"), server("")),
        (
            server("revisions = [\"2025-11-25\"]\n"),
            server("revisions = [\"2025-06-18\", \"2025-11-25\"]\n"),
        ),
        (server(""), server("methods = [\"logging/setLevel\"]\n")),
        (
            server(""),
            server("server_may_send = [\"notifications/message\"]\n"),
        ),
        (server(""), server("forward_headers = [\"x-a\"]\n")),
        (server("limits = { json_depth = 5 }\n"), server("")),
        (
            server("limits = { json_depth = 5 }\n"),
            server("limits = { json_depth = 6 }\n"),
        ),
        (server(""), server("observe_until = 2027-01-01T00:00:00Z\n")),
        (
            server("observe_until = 2027-01-01T00:00:00Z\n"),
            server("observe_until = 2028-01-01T00:00:00Z\n"),
        ),
        (server(""), server("[[server.prompt]]\nname = \"p\"\n")),
        (
            server(""),
            server("[[server.resource]]\nscheme = \"db\"\nunder = \"/a\"\n"),
        ),
        ("schema = 1\n".to_owned(), server("")),
        (
            format!("not_after = 2027-01-01T00:00:00Z\n{SERVER}"),
            server(""),
        ),
        (
            "schema = 1\n[reload]\non_invalid = \"quarantine\"\n".to_owned(),
            "schema = 1\n".to_owned(),
        ),
        (
            "schema = 1\n[limits]\nrequest_bytes = 5\n".to_owned(),
            "schema = 1\n".to_owned(),
        ),
    ]
}

#[test]
fn each_change_goes_the_way_it_goes_and_back_is_the_other() {
    for (narrow, wide) in narrower() {
        assert_eq!(
            way(&wide, &narrow),
            Direction::Tighter,
            "{wide}\n->\n{narrow}"
        );
        assert_eq!(
            way(&narrow, &wide),
            Direction::Looser,
            "{narrow}\n->\n{wide}"
        );
        assert_eq!(way(&narrow, &narrow), Direction::Neutral, "{narrow}");
    }
}

#[test]
fn what_is_not_proven_tighter_counts_as_looser() {
    for (old, new) in [
        (arg("type = \"string\", pattern = \"a\""), arg("type = \"string\", pattern = \"b\"")),
        (arg("type = \"string\", charset = \"hex\""), arg("type = \"string\", charset = \"digits\"")),
        (arg("type = \"string\""), arg("type = \"integer\"")),
        (arg("type = \"string\", max_bytes = 2"), arg("type = \"string\", max_bytes = 1, charset = \"hex\", min_bytes = 1, prefix = \"a\"").replace("max_bytes = 1", "max_bytes = 3")),
        ("schema = 1\n".to_owned(), "schema = 1\n[audit]\ndurability = \"synced\"\n".to_owned()),
    ] {
        assert_eq!(way(&old, &new), Direction::Looser, "{old}\n->\n{new}");
    }
    assert_eq!(
        way("schema = 1\nname = \"a\"\n", "schema = 1\nname = \"b\"\n"),
        Direction::Neutral
    );
}

#[test]
fn a_difference_is_told_per_tool_in_plain_words() {
    let changes = diff(
        &compile(&arg("type = \"string\", max_bytes = 5")),
        &compile(&arg("type = \"string\", max_bytes = 9")),
    );
    let told: Vec<String> = changes
        .iter()
        .map(|c| format!("{} {}: {}", c.direction.label(), c.place, c.what))
        .collect();
    assert_eq!(
        told,
        ["looser main: tool `a`, argument `x`: is not proven to allow less"]
    );
}

#[test]
fn the_layout_changes_white_space_only() {
    let ragged = "\r\n# top\r\nschema=1 \n\n\n\nname   =  'x'   # why\n[[ server ]]\n  channel=\"main\"\ntools=[ \"a\" ,\"b\",# b\n\"c\",\n]\n# of a\n[[server.tool]]\nname='d'\nargs . x={type=\"integer\",min=1}\nargs.y = { type = \"object\", fields = { } }\n";
    let laid = "# top\nschema = 1\n\nname = 'x'   # why\n\n[[server]]\nchannel = \"main\"\ntools = [\"a\", \"b\", # b\n  \"c\",\n]\n# of a\n[[server.tool]]\nname = 'd'\nargs.x = { type = \"integer\", min = 1 }\nargs.y = { type = \"object\", fields = {} }\n";
    assert_eq!(layout(ragged.as_bytes()).unwrap(), laid);
    assert_eq!(layout(laid.as_bytes()).unwrap(), laid);
    let mistakes = layout(b"schema = \n").unwrap_err();
    assert_eq!(mistakes[0].line, 1);
}

/// White space put between the tokens of a file where it means nothing.
fn ragged(text: &str, noise: &[u8]) -> String {
    let mut noise = noise.iter().cycle();
    let mut out = String::new();
    for line in text.lines() {
        let blanks = usize::from(noise.next().unwrap() % 3);
        let indent = usize::from(noise.next().unwrap() % 4);
        let tail = usize::from(noise.next().unwrap() % 3);
        let line = if noise.next().unwrap().is_multiple_of(2) {
            line.replacen(" = ", "=", 1)
        } else {
            line.to_owned()
        };
        out.push_str(&"\n".repeat(blanks));
        out.push_str(&" ".repeat(indent));
        out.push_str(&line);
        out.push_str(&" ".repeat(tail));
        out.push('\n');
    }
    out
}

proptest! {
    #[test]
    fn the_layout_is_idempotent_and_keeps_meaning_and_comments(noise in prop::collection::vec(any::<u8>(), 1..64)) {
        for text in [STRICT, PolicySet::DEFAULT, include_str!("../examples/observe-first.toml")] {
            let laid = layout(ragged(text, &noise).as_bytes()).unwrap();
            prop_assert_eq!(layout(laid.as_bytes()).unwrap(), laid.clone());
            prop_assert_eq!(&diff(&compile(text), &compile(&laid)), &[]);
            let comments = |text: &str| text.lines().filter(|line| line.contains('#')).count();
            prop_assert_eq!(comments(text), comments(&laid));
        }
    }

    #[test]
    fn what_is_laid_out_reads_the_same(text in "[a-c =\\[\\]{},.\"'#\n1]{0,60}") {
        if let Ok(laid) = layout(text.as_bytes()) {
            prop_assert_eq!(layout(laid.as_bytes()).unwrap(), laid.clone());
            let value = |text: &str| text.parse::<toml::Table>().ok();
            prop_assert_eq!(value(&text), value(&laid));
        }
    }
}

#[test]
fn an_explanation_names_each_step_and_the_line_that_decides() {
    let policy = compile(STRICT);
    let channel = Channel::parse("records").unwrap();
    let explain = |args: &str| {
        let message = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"find_customer","arguments":{{{args}}}}}}}"#
        );
        policy.explain(&channel, message.as_bytes(), NOW)
    };
    let allowed = explain(r#""number":"12345678""#);
    assert!(allowed.is_allowed, "{allowed:?}");
    let refused = explain(r#""number":"secret value""#);
    let steps: Vec<&str> = refused.steps.iter().map(|step| step.step).collect();
    assert_eq!(
        steps,
        [
            "server",
            "gate",
            "method",
            "tool",
            "pin",
            "arguments",
            "rate",
            "decision"
        ]
    );
    assert_eq!(
        (refused.is_allowed, refused.reason),
        (false, "argument.max_bytes")
    );
    let line = u32::try_from(
        STRICT
            .lines()
            .position(|line| line.starts_with("args.number"))
            .unwrap(),
    )
    .unwrap()
        + 1;
    assert_eq!(refused.steps.last().unwrap().line, Some(line));
    assert!(
        !format!("{refused:?}").contains("secret value"),
        "never a value"
    );
    for (message, reason) in [
        ("{", "gate.truncated"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"x"}"#, "method_unknown"),
    ] {
        assert_eq!(
            policy.explain(&channel, message.as_bytes(), NOW).reason,
            reason
        );
    }
    assert_eq!(
        policy.explain(&Channel::main(), b"{}", NOW).reason,
        "channel_not_listed"
    );
}
