//! The catalogue of methods against the list written from the specification, `cases/methods.json`: each name, direction, revision and selector is
//! in both or in neither, and each has a verdict.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::collections::BTreeSet;

use portcullis_policy::Step;
use portcullis_policy::mcp::catalogue::{self, Extension, Kind, Method};
use portcullis_policy::mcp::revision::Revision;
use portcullis_policy::permit::Verdict;
use serde_json::Value;
use support::{UPSTREAM_ID, admit_with, compile, exchange_with, finished, judge};

const LIST: &str = include_str!("../cases/methods.json");

/// A row of either side: who sends it, how it is called, of what kind, in which revisions, by which extension, and on what it acts.
type Row = (String, String, String, Vec<String>, String, String);

fn listed() -> BTreeSet<Row> {
    let rows: Vec<Value> = serde_json::from_str(LIST).unwrap();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let row = |row: &Value| {
        let revisions = serde_json::from_value(row["revisions"].clone()).unwrap();
        let [from, name, kind] = ["from", "name", "kind"].map(|key| text(row, key));
        let [extension, selector] = ["extension", "selector"].map(|key| text(row, key));
        (from, name, kind, revisions, extension, selector)
    };
    let set: BTreeSet<Row> = rows.iter().map(row).collect();
    assert_eq!(set.len(), rows.len(), "no row stands twice");
    set
}

const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Request => "request",
        Kind::Notification => "notification",
    }
}

fn row<C>(from: &str, method: &Method<C>) -> Row {
    let revisions = Revision::ALL
        .iter()
        .filter(|(revision, _)| method.is_in(*revision));
    let extension = match method.extension() {
        Some(Extension::Tasks) => "tasks",
        Some(Extension::Skills) => "skills",
        None => "",
    };
    (
        from.to_owned(),
        method.name.to_owned(),
        word(method.kind).to_owned(),
        revisions.map(|(_, name)| (*name).to_owned()).collect(),
        extension.to_owned(),
        method.selector.to_owned(),
    )
}

fn known() -> BTreeSet<Row> {
    let frames = catalogue::of_frames().iter().map(|(name, kind)| {
        let [from, extension] = ["frame", "apps"].map(str::to_owned);
        let kind = word(*kind).to_owned();
        (
            from,
            (*name).to_owned(),
            kind,
            Vec::new(),
            extension,
            String::new(),
        )
    });
    let callers = catalogue::of_callers().map(|method| row("caller", method));
    let servers = catalogue::of_servers().map(|method| row("server", method));
    callers.chain(servers).chain(frames).collect()
}

#[test]
fn the_catalogue_and_the_specification_name_the_same() {
    let (listed, known) = (listed(), known());
    let missing: Vec<_> = listed.difference(&known).collect();
    let invented: Vec<_> = known.difference(&listed).collect();
    assert_eq!((missing, invented), (Vec::new(), Vec::new()));
}

#[test]
fn every_revision_has_what_it_had_per_direction() {
    let count = |from: &str, revision: &str| {
        let has = |row: &Row| row.0 == from && row.3.iter().any(|name| name == revision);
        known().iter().filter(|row| has(row)).count()
    };
    // Counted by hand in the columns of the sheet.
    let expected = [
        ("2024-11-05", 17, 10),
        ("2025-03-26", 17, 10),
        ("2025-06-18", 17, 11),
        ("2025-11-25", 22, 17),
        ("2026-07-28", 17, 9),
    ];
    for (revision, caller, server) in expected {
        assert_eq!(
            (count("caller", revision), count("server", revision)),
            (caller, server),
            "{revision}"
        );
    }
}

/// Everything a policy can list, so that what is refused is refused for its revision.
fn generous(revisions: &str) -> String {
    let nameable: Vec<&str> = catalogue::of_callers()
        .filter(|method| matches!(method.class, catalogue::Class::Named(_)))
        .map(|method| method.name)
        .collect();
    format!(
        "schema = 1\n[[server]]\nchannel = \"main\"\n{revisions}tools = [\"a\"]\nmethods = {nameable:?}\nserver_may_send = {:?}\n[[server.prompt]]\nname = \"a\"\n[[server.resource]]\nscheme = \"file\"\nunder = \"/a\"\n",
        catalogue::SERVER_MAY_SEND
    )
}

fn message(name: &str, kind: Kind, revision: &str) -> String {
    let id = match kind {
        Kind::Request => r#""id":1,"#,
        Kind::Notification => "",
    };
    let meta = if revision == "2026-07-28" {
        r#","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#
    } else {
        ""
    };
    format!(
        r#"{{"jsonrpc":"2.0",{id}"method":"{name}","params":{{"name":"a","uri":"file:///a/b","ref":{{"type":"ref/prompt","name":"a"}},"notifications":{{}}{meta}}}}}"#
    )
}

#[test]
fn a_method_that_its_revision_does_not_have_is_refused_where_revisions_are_listed_d4() {
    for (revision, name) in Revision::ALL {
        let pinned = compile(&generous(&format!("revisions = [{name:?}]\n")));
        let open = compile(&generous(""));
        for method in catalogue::of_callers() {
            let mut sent = vec![("mcp-protocol-version", name)];
            if revision.is_modern() && method.kind == Kind::Request {
                sent.push(("mcp-method", method.name));
                match method.selector {
                    "params.name" => sent.push(("mcp-name", "a")),
                    "params.uri" if method.name == "resources/read" => {
                        sent.push(("mcp-name", "file:///a/b"));
                    }
                    _ => {}
                }
            }
            let body = message(method.name, method.kind, name);
            let reason = |policy| match admit_with(policy, body.clone(), &sent) {
                Ok(_) => "ok",
                Err(refused) => refused.reason().label(),
            };
            let foreign = "method_not_in_revision";
            let (found, without) = (reason(&pinned), reason(&open));
            assert_eq!(
                found == foreign,
                !method.is_in(revision),
                "{} in {name}: {found}",
                method.name
            );
            assert_ne!(without, foreign, "{} in {name}", method.name);
            assert!(
                found == foreign || found == without,
                "{} in {name}: {found} or {without}",
                method.name
            );
        }
    }
}

#[test]
fn a_session_opens_in_a_listed_revision_that_has_sessions_d4() {
    let open = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#;
    for (revisions, expected) in [
        (r#"["2026-07-28"]"#, "method_not_in_revision"),
        (r#"["2025-11-25"]"#, "ok"),
        (r#"["2025-11-25", "2026-07-28"]"#, "ok"),
    ] {
        let policy = compile(&generous(&format!("revisions = {revisions}\n")));
        let found = match admit_with(&policy, open, &[]) {
            Ok(_) => "ok",
            Err(refused) => refused.reason().label(),
        };
        assert_eq!(found, expected, "{revisions}");
    }
}

#[test]
fn names_between_a_host_and_its_frame_are_unknown_in_both_directions() {
    let policy = compile(&generous(""));
    for (name, kind) in catalogue::of_frames() {
        let body = message(name, *kind, "");
        let refused = admit_with(&policy, body.clone(), &[]).err().unwrap();
        assert_eq!(refused.reason().label(), "method_unknown", "{name}");
        let mut call = exchange_with(&policy, &message("tools/call", Kind::Request, ""), &[]);
        match (kind, judge(&policy, &mut call, &body)) {
            (Kind::Request, Step::Reply(_)) | (Kind::Notification, Step::Ignore(_)) => {}
            (_, _) => panic!("{name} crossed"),
        }
    }
}

/// C8: what a server asks or tells, in each revision, with everything listed that can be.
#[test]
fn every_message_of_a_server_has_a_verdict_c8_c13() {
    let policy = compile(&generous(""));
    for (revision, name) in Revision::ALL {
        for method in catalogue::of_servers() {
            let mut sent = vec![("mcp-protocol-version", name)];
            if revision.is_modern() {
                sent.extend([("mcp-method", "tools/call"), ("mcp-name", "a")]);
            }
            let call = message("tools/call", Kind::Request, name);
            let mut exchange = exchange_with(&policy, &call, &sent);
            let step = judge(
                &policy,
                &mut exchange,
                &message(method.name, method.kind, ""),
            );
            let verdict = match step {
                Step::Notify(_) => "notified",
                Step::Reply(_) => "replied",
                Step::Ignore(_) => "ignored",
                Step::Final(..) => "ended",
            };
            let listed = method.class == catalogue::Sent::Listable;
            // News of a resource needs a subscription to it besides.
            let expected = match method.kind {
                Kind::Request if revision.is_modern() => "ended",
                Kind::Request => "replied",
                Kind::Notification
                    if listed && method.name != "notifications/resources/updated" =>
                {
                    "notified"
                }
                Kind::Notification => "ignored",
            };
            assert_eq!(verdict, expected, "{} in {name}", method.name);
        }
    }
}

/// MCP 2026-07-28 and the drafts before it: both numbers of an error that a caller acts on cross unchanged.
#[test]
fn the_codes_a_caller_acts_on_cross_in_both_spellings() {
    for (old, new) in [(-32003, -32021), (-32004, -32022), (-32001, -32020)] {
        for code in [old, new] {
            let policy = compile(&generous(""));
            let mut call = exchange_with(&policy, &message("tools/call", Kind::Request, ""), &[]);
            call.begin(400, &[]);
            let text = format!(
                r#"{{"jsonrpc":"2.0","id":{UPSTREAM_ID},"error":{{"code":{code},"message":"m","data":{{"supported":["2026-07-28"]}}}}}}"#
            );
            let (body, verdict) = finished(judge(&policy, &mut call, &text));
            assert_eq!(verdict, Verdict::Released { removed: 0 });
            assert_eq!(body, text.replace(&UPSTREAM_ID.to_string(), "1"));
        }
    }
}
