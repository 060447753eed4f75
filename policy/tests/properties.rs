//! Invariant 3 over whole files and a small world of messages: the order of a file never matters, and what is taken away never allows more, in
//! either direction. What a tightening is held to is also what `policy diff` says of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_policy::document::diff;
use portcullis_policy::{Direction, PolicySet, Step};
use proptest::prelude::*;
use support::{UPSTREAM_ID, admit_with, compile, json, judge};

/// A policy as its parts, each written down in any order.
#[derive(Clone, Debug)]
struct Parts {
    entries: Vec<Entry>,
    methods: BTreeSet<&'static str>,
    sends: BTreeSet<&'static str>,
    revisions: BTreeSet<&'static str>,
    bytes: usize,
    depth: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Entry {
    Tool(&'static str, Rule),
    Prompt(&'static str, bool),
    Resource(&'static str, bool),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rule {
    Denied,
    Free,
    Most(i64),
}

impl Entry {
    /// What it is about: two entries of one thing are a mistake.
    fn about(&self) -> (u8, &'static str) {
        match self {
            Self::Tool(name, _) => (0, name),
            Self::Prompt(name, _) => (1, name),
            Self::Resource(under, _) => (2, under),
        }
    }

    fn is_denial(&self) -> bool {
        match self {
            Self::Tool(_, rule) => *rule == Rule::Denied,
            Self::Prompt(_, denied) | Self::Resource(_, denied) => *denied,
        }
    }

    fn written(&self) -> String {
        let deny = |denied: &bool| if *denied { "deny = \"d\"\n" } else { "" };
        match self {
            Self::Tool(name, rule) => {
                let rule = match rule {
                    Rule::Denied => "deny = \"d\"\n".to_owned(),
                    Rule::Free => "args.x = { type = \"integer\" }\n".to_owned(),
                    Rule::Most(most) => {
                        format!("args.x = {{ type = \"integer\", max = {most} }}\n")
                    }
                };
                format!("[[server.tool]]\nname = \"{name}\"\n{rule}")
            }
            Self::Prompt(name, denied) => {
                format!("[[server.prompt]]\nname = \"{name}\"\n{}", deny(denied))
            }
            Self::Resource(under, denied) => format!(
                "[[server.resource]]\nscheme = \"file\"\nunder = \"{under}\"\n{}",
                deny(denied)
            ),
        }
    }

    /// The same thing, denied.
    fn denied(&self) -> Self {
        match self {
            Self::Tool(name, _) => Self::Tool(name, Rule::Denied),
            Self::Prompt(name, _) => Self::Prompt(name, true),
            Self::Resource(under, _) => Self::Resource(under, true),
        }
    }
}

fn list(key: &str, names: &BTreeSet<&str>, backwards: bool) -> String {
    let mut names: Vec<&&str> = names.iter().collect();
    if backwards {
        names.reverse();
    }
    match names.is_empty() {
        true => String::new(),
        false => format!("{key} = {names:?}\n"),
    }
}

impl Parts {
    fn written(&self, backwards: bool) -> String {
        let mut entries: Vec<String> = self.entries.iter().map(Entry::written).collect();
        if backwards {
            entries.reverse();
        }
        format!(
            "schema = 1\n[[server]]\nchannel = \"main\"\nlimits = {{ request_bytes = {}, json_depth = {} }}\n{}{}{}{}",
            self.bytes,
            self.depth,
            list("methods", &self.methods, backwards),
            list("server_may_send", &self.sends, backwards),
            list("revisions", &self.revisions, backwards),
            entries.concat()
        )
    }

    fn policy(&self) -> Arc<PolicySet> {
        compile(&self.written(false))
    }
}

const METHODS: [&str; 5] = [
    "completion/complete",
    "logging/setLevel",
    "resources/subscribe",
    "tasks/get",
    "subscriptions/listen",
];
const SENDS: [&str; 3] = [
    "notifications/message",
    "notifications/tools/list_changed",
    "notifications/resources/updated",
];
const REVISIONS: [&str; 3] = ["2025-06-18", "2025-11-25", "2026-07-28"];
const NAMES: [&str; 3] = ["a", "b", "c"];
const ROOTS: [&str; 3] = ["/s", "/s/t", "/u"];

fn entry() -> impl Strategy<Value = Entry> {
    let name = || prop::sample::select(&NAMES[..]);
    let rule = prop_oneof![
        Just(Rule::Denied),
        Just(Rule::Free),
        (0..4_i64).prop_map(Rule::Most)
    ];
    prop_oneof![
        3 => (name(), rule).prop_map(|(name, rule)| Entry::Tool(name, rule)),
        1 => (name(), any::<bool>()).prop_map(|(name, denied)| Entry::Prompt(name, denied)),
        2 => (prop::sample::select(&ROOTS[..]), any::<bool>()).prop_map(|(root, denied)| Entry::Resource(root, denied)),
    ]
}

fn some(of: &'static [&'static str]) -> impl Strategy<Value = BTreeSet<&'static str>> {
    prop::collection::btree_set(prop::sample::select(of), 0..=of.len())
}

fn parts() -> impl Strategy<Value = Parts> {
    let entries = prop::collection::vec(entry(), 1..7).prop_map(|mut entries| {
        entries.sort_by_key(Entry::about);
        entries.dedup_by_key(|entry| entry.about());
        entries
    });
    let lists = (some(&METHODS), some(&SENDS), some(&REVISIONS));
    (entries, lists, 200..400_usize, 3..8_usize).prop_map(
        |(entries, (methods, sends, revisions), bytes, depth)| Parts {
            entries,
            methods,
            sends,
            revisions,
            bytes,
            depth,
        },
    )
}

/// A small world of messages: a method and its members, under a revision.
fn world() -> Vec<(String, Vec<(&'static str, String)>)> {
    let mut members: Vec<(&str, String, Option<String>)> = Vec::new();
    for name in NAMES {
        for x in [0, 2, 9] {
            let call = format!(r#""name":"{name}","arguments":{{"x":{x}}}"#);
            members.push(("tools/call", call, Some(name.to_owned())));
        }
        let named = format!(r#""name":"{name}""#);
        members.push(("prompts/get", named.clone(), Some(name.to_owned())));
        let deep = format!(r#"{named},"arguments":{{"x":1}},"pad":[[[[[0]]]]]"#);
        members.push(("tools/call", deep, Some(name.to_owned())));
        let long = format!(
            r#"{named},"arguments":{{"x":1}},"pad":"{}""#,
            "p".repeat(120)
        );
        members.push(("tools/call", long, Some(name.to_owned())));
        let reference = format!(r#""ref":{{"type":"ref/prompt","name":"{name}"}}"#);
        members.push(("completion/complete", reference, None));
    }
    for uri in ["file:/s/x", "file:/s/t/x", "file:/u/x", "file:/v"] {
        let uri_member = format!(r#""uri":"{uri}""#);
        members.push(("resources/read", uri_member.clone(), Some(uri.to_owned())));
        members.push(("resources/subscribe", uri_member, None));
        let listen = format!(r#""notifications":{{"resourceSubscriptions":["{uri}"]}}"#);
        members.push(("subscriptions/listen", listen, None));
    }
    let listen = r#""notifications":{"toolsListChanged":true}"#.to_owned();
    members.push(("subscriptions/listen", listen, None));
    let with_task = r#""name":"a","arguments":{"x":0},"task":{}"#.to_owned();
    members.push(("tools/call", with_task, Some("a".to_owned())));
    for plain in [
        "initialize",
        "ping",
        "tools/list",
        "prompts/list",
        "resources/list",
    ] {
        members.push((plain, String::new(), None));
    }
    members.push(("logging/setLevel", r#""level":"info""#.to_owned(), None));
    let in_revision = |revision: &'static str| {
        members.iter().map(move |(method, members, named)| {
            let comma = if members.is_empty() { "" } else { "," };
            let (meta, mut headers) = match revision {
                "2026-07-28" => (
                    format!(r#"{comma}"_meta":{{"io.modelcontextprotocol/protocolVersion":"{revision}"}}"#),
                    vec![("mcp-method", (*method).to_owned())],
                ),
                _ => (String::new(), Vec::new()),
            };
            headers.push(("mcp-protocol-version", revision.to_owned()));
            if revision == "2026-07-28" {
                headers.extend(named.clone().map(|named| ("mcp-name", named)));
            }
            let body = format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{{members}{meta}}}}}"#
            );
            (body, headers)
        })
    };
    REVISIONS.into_iter().flat_map(in_revision).collect()
}

/// What a server says to what was let through.
const ANSWERS: [&str; 5] = [
    r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#,
    r#"{"jsonrpc":"2.0","id":ID,"result":{"task":{"taskId":"t"}}}"#,
    r#"{"jsonrpc":"2.0","id":ID,"result":{"tools":[{"name":"a"},{"name":"b"},{"name":"c"}],"prompts":[{"name":"a"},{"name":"b"}],"resources":[{"uri":"file:/s/x"},{"uri":"file:/s/t/x"},{"uri":"file:/u/x"}]}}"#,
    r#"{"jsonrpc":"2.0","id":ID,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true},"prompts":{},"resources":{"subscribe":true},"logging":{},"completions":{},"tasks":{"list":{}}}}}"#,
];

/// All that crosses under a policy, in words: each message, each notification, each item of a list, each capability.
fn crosses(
    policy: &Arc<PolicySet>,
    world: &[(String, Vec<(&'static str, String)>)],
) -> BTreeSet<String> {
    let mut crossing = BTreeSet::new();
    for (at, (body, headers)) in world.iter().enumerate() {
        let sent: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        for (number, answer) in ANSWERS.iter().enumerate() {
            let Ok((_, mut exchange)) = admit_with(policy, body.clone(), &sent) else {
                break;
            };
            crossing.insert(format!("{at}"));
            let answer = answer.replace("ID", &UPSTREAM_ID.to_string());
            match judge(policy, &mut exchange, &answer) {
                Step::Notify(_) => {
                    crossing.insert(format!("{at} {number}"));
                }
                Step::Final(released, _) => {
                    let text = json(&released);
                    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
                    if let Some(result) = value.get("result") {
                        leaves(result, &format!("{at} {number}"), &mut crossing);
                    }
                }
                Step::Reply(_) | Step::Ignore(_) => {}
            }
        }
    }
    crossing
}

/// Every path and plain value of a result; the place in a list does not count.
fn leaves(value: &serde_json::Value, path: &str, out: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(members) => {
            for (name, value) in members {
                let path = format!("{path}.{name}");
                out.insert(path.clone());
                leaves(value, &path, out);
            }
        }
        serde_json::Value::Array(items) => {
            items.iter().for_each(|item| leaves(item, path, out));
        }
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => {
            out.insert(format!("{path} {value}"));
        }
    }
}

/// Every way to take something away from one part of a policy.
fn tightenings(parts: &Parts) -> Vec<(&'static str, Parts)> {
    let mut tighter = Vec::new();
    let mut add = |what, change: &dyn Fn(&mut Parts)| {
        let mut copy = parts.clone();
        change(&mut copy);
        tighter.push((what, copy));
    };
    for (at, entry) in parts.entries.iter().enumerate() {
        if entry.is_denial() {
            continue;
        }
        add("an allow removed", &|copy| {
            copy.entries.remove(at);
        });
        add("a deny in its place", &|copy| {
            copy.entries[at] = entry.denied();
        });
        if let Entry::Tool(name, rule @ (Rule::Free | Rule::Most(1..))) = entry {
            let most = if let Rule::Most(most) = rule {
                most - 1
            } else {
                3
            };
            add("an argument narrowed", &|copy| {
                copy.entries[at] = Entry::Tool(name, Rule::Most(most));
            });
        }
    }
    let new = Entry::Resource("/s/t", true);
    if !parts
        .entries
        .iter()
        .any(|entry| entry.about() == new.about())
    {
        add("a deny added", &|copy| copy.entries.push(new.clone()));
    }
    add("fewer bytes", &|copy| copy.bytes -= 60);
    add("less depth", &|copy| copy.depth -= 1);
    for method in &parts.methods {
        add("a method removed", &|copy| {
            copy.methods.remove(method);
        });
    }
    for sends in &parts.sends {
        add("a notification removed", &|copy| {
            copy.sends.remove(sends);
        });
    }
    for revision in parts.revisions.iter().filter(|_| parts.revisions.len() > 1) {
        add("a revision removed", &|copy| {
            copy.revisions.remove(revision);
        });
    }
    tighter
}

/// The way of a whole edit, as `policy diff` tells it.
fn way(before: &PolicySet, after: &PolicySet) -> Direction {
    let ways = diff(before, after)
        .into_iter()
        .map(|change| change.direction);
    ways.max().unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_a_file_never_matters(parts in parts()) {
        let world = world();
        let backwards = compile(&parts.written(true));
        prop_assert_eq!(crosses(&parts.policy(), &world), crosses(&backwards, &world));
        prop_assert_eq!(way(&parts.policy(), &backwards), Direction::Neutral);
    }

    #[test]
    fn what_is_taken_away_never_allows_more(parts in parts(), which in any::<prop::sample::Index>()) {
        let world = world();
        let tightenings = tightenings(&parts);
        let (what, tighter) = &tightenings[which.index(tightenings.len())];
        let (before, after) = (parts.policy(), tighter.policy());
        let (wide, narrow) = (crosses(&before, &world), crosses(&after, &world));
        let more: Vec<&String> = narrow.difference(&wide).collect();
        prop_assert!(more.is_empty(), "{}: {:?}\n{}", what, more, tighter.written(false));
        prop_assert_eq!(way(&before, &after), Direction::Tighter, "{}", what);
    }
}

/// The world is one in which things cross and do not: a property over nothing would always hold.
#[test]
fn the_world_tells_policies_apart() {
    let parts = Parts {
        entries: vec![
            Entry::Tool("a", Rule::Most(2)),
            Entry::Prompt("b", false),
            Entry::Resource("/s", false),
        ],
        methods: METHODS.into(),
        sends: SENDS.into(),
        revisions: REVISIONS.into(),
        bytes: 270,
        depth: 7,
    };
    let (world, whole) = (world(), parts.policy());
    let all = crosses(&whole, &world);
    for (what, tighter) in tightenings(&parts) {
        let fewer = crosses(&tighter.policy(), &world);
        assert!(fewer.len() <= all.len(), "{what}");
    }
    let changed: BTreeSet<&str> = tightenings(&parts)
        .iter()
        .filter(|(_, tighter)| crosses(&tighter.policy(), &world) != all)
        .map(|(what, _)| *what)
        .collect();
    let expected = [
        "a deny added",
        "a deny in its place",
        "a method removed",
        "a notification removed",
        "a revision removed",
        "an allow removed",
        "an argument narrowed",
        "fewer bytes",
        "less depth",
    ];
    assert_eq!(changed, expected.into());
}
