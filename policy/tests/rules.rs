//! What a policy says beyond names: denials, pins, rates, resources, prompts, methods, revisions, its end, and a trial.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::sync::Arc;

use portcullis_policy::permit::{Ignored, Verdict};
use portcullis_policy::{Channel, Exchange, Facts, Inbound, Ledger, Moment, Pin, PolicySet, Step};
use support::{NOW, compile, exchange, facts, finished, headers, json, judge};

const SERVER: &str = "schema = 1\n[[server]]\nchannel = \"main\"\n";
const PIN: &str = "sha256:0101010101010101010101010101010101010101010101010101010101010101";

fn server(rest: &str) -> Arc<PolicySet> {
    compile(&format!("{SERVER}{rest}"))
}

fn request(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{{params}}}}}"#)
}

fn call(tool: &str) -> String {
    request("tools/call", &format!(r#""name":"{tool}""#))
}

/// Judges a message of a session at a moment with what a ledger remembers.
struct Caller<'a> {
    policy: &'a Arc<PolicySet>,
    ledger: Arc<Ledger>,
    sent: Vec<(&'a str, &'a str)>,
    now: Moment,
}

impl<'a> Caller<'a> {
    fn of(policy: &'a Arc<PolicySet>) -> Self {
        Self {
            policy,
            ledger: Arc::default(),
            sent: Vec::new(),
            now: NOW,
        }
    }

    fn admit(&self, body: String) -> Result<Exchange, (&'static str, Option<u32>, bool)> {
        let channel = Channel::main();
        let inbound = Inbound {
            channel: &channel,
            headers: &headers(&self.sent),
            body: body.into(),
        };
        let facts = Facts {
            now: self.now,
            ..facts()
        };
        match self.policy.admit(&inbound, facts, &self.ledger) {
            Ok((_, exchange)) => Ok(exchange),
            Err(refused) => {
                let (reason, line) = (refused.reason().label(), refused.line().map(|line| line.0));
                Err((
                    reason,
                    line,
                    json(&refused.into_released()).contains("\"retryable\":true"),
                ))
            }
        }
    }

    fn reason(&self, body: String) -> &'static str {
        self.admit(body).map_or_else(|refused| refused.0, |_| "ok")
    }
}

fn reason(policy: &Arc<PolicySet>, body: String) -> &'static str {
    Caller::of(policy).reason(body)
}

#[test]
fn a_denial_names_its_line_and_is_not_listed_pf7() {
    let policy = server("tools = [\"a\"]\n[[server.tool]]\nname = \"b\"\ndeny = \"CHG-1\"\n");
    let refused = Caller::of(&policy)
        .admit(call("b"))
        .map(|_| ())
        .unwrap_err();
    assert_eq!(refused, ("denied", Some(7), false));
    let mut listing = exchange(&policy, &request("tools/list", ""));
    let answer = format!(
        r#"{{"jsonrpc":"2.0","id":{},"result":{{"tools":[{{"name":"a"}},{{"name":"b"}}]}}}}"#,
        support::UPSTREAM_ID
    );
    let (body, verdict) = finished(judge(&policy, &mut listing, &answer));
    assert!(body.contains("\"a\"") && !body.contains("\"b\""), "{body}");
    assert_eq!(verdict, Verdict::Released { removed: 1 });
}

#[test]
fn a_pinned_tool_is_called_only_as_it_was_reviewed_c1_c2_c3_pf16() {
    let policy = server(&format!("[[server.tool]]\nname = \"a\"\npin = \"{PIN}\"\n"));
    let mut caller = Caller::of(&policy);
    caller.sent = vec![("mcp-session-id", "s-1")];
    assert_eq!(
        caller.admit(call("a")).map(|_| ()).unwrap_err(),
        ("pin_unseen", Some(6), false)
    );
    let note = |pins: &[(&str, u8)]| {
        let tools: Vec<(String, Pin)> = pins
            .iter()
            .map(|(name, byte)| ((*name).to_owned(), Pin([*byte; 32])))
            .collect();
        caller
            .ledger
            .note_listing(&Channel::main(), Some("s-1"), &tools, NOW);
        caller.reason(call("a"))
    };
    assert_eq!(note(&[("a", 1)]), "ok");
    assert_eq!(note(&[("a", 2)]), "pin_changed", "a rug pull");
    assert_eq!(note(&[]), "pin_unseen", "removed");
    assert_eq!(note(&[("a", 2)]), "pin_changed", "removed and added again");
    assert_eq!(
        note(&[("x", 1)]),
        "pin_unseen",
        "another name with the same definition (C4)"
    );
    assert_eq!(
        note(&[("a", 1), ("a", 1)]),
        "pin_unseen",
        "twice on the list (B4)"
    );
    assert_eq!(note(&[("a", 1)]), "ok");
    caller.sent = vec![("mcp-session-id", "s-2")];
    assert_eq!(
        caller.reason(call("a")),
        "pin_unseen",
        "another session has not seen it"
    );
}

#[test]
fn a_rate_is_counted_per_principal_and_tool_and_fills_again() {
    let policy = server(
        "[[server.tool]]\nname = \"a\"\ncalls_per_min = 2\n[[server.tool]]\nname = \"b\"\ncalls_per_min = 2\n",
    );
    let mut caller = Caller::of(&policy);
    caller.sent = vec![("mcp-session-id", "s-1"), ("x-openai-subject", "u-1")];
    assert_eq!(
        (caller.reason(call("a")), caller.reason(call("a"))),
        ("ok", "ok")
    );
    assert_eq!(
        caller.admit(call("a")).map(|_| ()).unwrap_err(),
        ("rate_limited", Some(6), true)
    );
    assert_eq!(caller.reason(call("b")), "ok", "another tool");
    caller.sent = vec![("mcp-session-id", "s-1"), ("x-openai-subject", "u-2")];
    assert_eq!(caller.reason(call("a")), "ok", "another subject");
    caller.sent = vec![("mcp-session-id", "s-1"), ("x-openai-subject", "u-1")];
    caller.now = Moment(NOW.0 - 3_600_000);
    assert_eq!(
        caller.reason(call("a")),
        "rate_limited",
        "a clock that went back fills nothing"
    );
    caller.now = Moment(NOW.0 - 3_600_000 + 29_999);
    assert_eq!(caller.reason(call("a")), "rate_limited", "not yet");
    caller.now = Moment(NOW.0 - 3_600_000 + 30_000);
    assert_eq!(caller.reason(call("a")), "ok", "half a minute is one call");
    assert_eq!(caller.reason(call("a")), "rate_limited");
}

#[test]
fn a_refused_call_costs_no_rate() {
    let policy = server("[[server.tool]]\nname = \"a\"\ncalls_per_min = 1\n");
    let caller = Caller::of(&policy);
    let extra = request("tools/call", r#""name":"a","arguments":{"x":1}"#);
    assert_eq!(caller.reason(extra), "argument.unlisted");
    assert_eq!(
        (caller.reason(call("a")), caller.reason(call("a"))),
        ("ok", "rate_limited")
    );
}

#[test]
fn resources_follow_their_rules_in_calls_and_listings_b5_b6_pf7() {
    let policy = server(
        "[[server.resource]]\nscheme = \"file\"\nunder = \"/srv/a\"\n[[server.resource]]\nscheme = \"file\"\nunder = \"/srv/a/secret\"\ndeny = \"no\"\n",
    );
    let read = |uri: &str| {
        reason(
            &policy,
            request("resources/read", &format!(r#""uri":"{uri}""#)),
        )
    };
    assert_eq!(read("file:///srv/a/b"), "ok");
    assert_eq!(
        read("file:\\/\\/\\/srv/a/b"),
        "ok",
        "compared after unescaping"
    );
    assert_eq!(read("file:///srv/a/secret/x"), "denied");
    assert_eq!(read("file:///srv/b"), "resource_not_listed");
    assert_eq!(read("file:///srv/a/../b"), "uri_invalid");
    assert_eq!(read("FILE:///srv/a/b"), "uri_invalid");
    assert_eq!(read("http://169.254.169.254/"), "resource_not_listed");
    assert_eq!(
        reason(&policy, request("resources/read", "")),
        "uri_invalid"
    );
    assert_eq!(
        reason(
            &policy,
            request("resources/subscribe", r#""uri":"file:///srv/a/b""#)
        ),
        "method_not_listed"
    );
    assert_eq!(
        reason(&policy, request("tools/list", "")),
        "method_not_listed"
    );
    for (method, list, items, kept) in [
        (
            "resources/list",
            "resources",
            r#"{"uri":"file:///srv/a/b"},{"uri":"file:///srv/a/secret/x"},{"uri":"file:///c"}"#,
            "[{\"uri\":\"file:///srv/a/b\"}]",
        ),
        (
            "resources/templates/list",
            "resourceTemplates",
            r#"{"uriTemplate":"file:///srv/{x}"},{"uriTemplate":"db:///{x}"}"#,
            "[{\"uriTemplate\":\"file:///srv/{x}\"}]",
        ),
    ] {
        let mut listing = exchange(&policy, &request(method, ""));
        let answer = format!(
            r#"{{"jsonrpc":"2.0","id":{},"result":{{"{list}":[{items}]}}}}"#,
            support::UPSTREAM_ID
        );
        let (body, _) = finished(judge(&policy, &mut listing, &answer));
        assert!(body.contains(kept), "{body}");
    }
}

#[test]
fn prompts_and_completions_follow_their_rules_b5() {
    let policy = server(
        "methods = [\"completion/complete\", \"logging/setLevel\"]\n[[server.prompt]]\nname = \"p\"\n[[server.prompt]]\nname = \"q\"\ndeny = \"no\"\n[[server.resource]]\nscheme = \"db\"\nunder = \"/t\"\n",
    );
    let prompt = |name: &str| {
        reason(
            &policy,
            request("prompts/get", &format!(r#""name":"{name}""#)),
        )
    };
    assert_eq!(
        [prompt("p"), prompt("q"), prompt("r"), prompt("p ")],
        ["ok", "denied", "prompt_not_listed", "prompt_name_invalid"]
    );
    let complete = |reference: &str| {
        reason(
            &policy,
            request(
                "completion/complete",
                &format!(r#""ref":{{{reference}}},"argument":{{}}"#),
            ),
        )
    };
    assert_eq!(complete(r#""type":"ref/prompt","name":"p""#), "ok");
    assert_eq!(complete(r#""type":"ref/prompt","name":"q""#), "denied");
    assert_eq!(complete(r#""type":"ref/resource","uri":"db:/t/x""#), "ok");
    assert_eq!(
        complete(r#""type":"ref/resource","uri":"db:/u""#),
        "resource_not_listed"
    );
    assert_eq!(
        complete(r#""type":"ref/other","uri":"db:/t/x""#),
        "uri_invalid"
    );
    assert_eq!(
        reason(&policy, request("logging/setLevel", r#""level":"info""#)),
        "ok"
    );
    assert_eq!(
        reason(&policy, request("skills/list", "")),
        "method_not_listed"
    );
    assert_eq!(
        reason(&policy, request("tasks/list", "")),
        "method_not_listed"
    );
}

#[test]
fn a_server_sends_only_what_is_listed_c13() {
    let silent = server("tools = [\"a\"]\n");
    let open = server("tools = [\"a\"]\nserver_may_send = [\"notifications/message\"]\n");
    let note = r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}"#;
    let judged = |policy: &Arc<PolicySet>, current: &Arc<PolicySet>| {
        judge(current, &mut exchange(policy, &call("a")), note)
    };
    assert!(matches!(judged(&open, &open), Step::Notify(_)));
    assert!(matches!(
        judged(&silent, &silent),
        Step::Ignore(Ignored::Notification)
    ));
    assert!(
        matches!(judged(&open, &silent), Step::Ignore(Ignored::Notification)),
        "tightened meanwhile"
    );
    assert!(
        matches!(judged(&silent, &open), Step::Ignore(Ignored::Notification)),
        "loosened meanwhile"
    );
}

#[test]
fn only_listed_revisions_cross_d4() {
    let policy = server("tools = [\"a\"]\nrevisions = [\"2025-11-25\"]\n");
    let mut caller = Caller::of(&policy);
    assert_eq!(
        caller.reason(call("a")),
        "revision_not_listed",
        "a message that does not say speaks 2025-03-26"
    );
    caller.sent = vec![("mcp-protocol-version", "2025-11-25")];
    assert_eq!(caller.reason(call("a")), "ok");
    caller.sent = vec![("mcp-protocol-version", "2025-06-18")];
    assert_eq!(caller.reason(call("a")), "revision_not_listed");
    let open = request("initialize", r#""protocolVersion":"2025-06-18""#);
    for (revision, crosses) in [
        ("2025-11-25", true),
        ("2025-06-18", false),
        ("1999-01-01", false),
    ] {
        let answer = format!(
            r#"{{"jsonrpc":"2.0","id":{},"result":{{"protocolVersion":"{revision}"}}}}"#,
            support::UPSTREAM_ID
        );
        let (body, _) = finished(judge(&policy, &mut exchange(&policy, &open), &answer));
        assert_eq!(body.contains(revision), crosses, "{body}");
    }
}

#[test]
fn an_ended_policy_refuses_everything() {
    let policy = compile(
        "schema = 1\nnot_after = 2026-01-01T00:00:00Z\n[[server]]\nchannel = \"main\"\ntools = [\"a\"]\n",
    );
    let end = policy.not_after().unwrap();
    let mut caller = Caller::of(&policy);
    caller.now = Moment(end.0 - 1);
    assert_eq!(caller.reason(call("a")), "ok");
    caller.now = end;
    assert_eq!(caller.reason(call("a")), "policy_expired");
    assert_eq!(caller.reason(request("ping", "")), "policy_expired");
}

#[test]
fn a_server_may_lower_a_limit_pf5() {
    let policy = server("tools = [\"a\"]\nlimits = { request_bytes = 100 }\n");
    let body = |length: usize| {
        let bare = request("tools/call", r#""name":"a","x":"""#);
        bare.replace(
            r#""x":"""#,
            &format!(r#""x":"{}""#, "x".repeat(length - bare.len())),
        )
    };
    assert_eq!(
        [
            reason(&policy, body(99)),
            reason(&policy, body(100)),
            reason(&policy, body(101))
        ],
        ["ok", "ok", "gate.too_large"]
    );
}

#[test]
fn a_trial_passes_what_lists_leave_out_and_nothing_else_pf21() {
    let rules = format!(
        "observe_until = 2100-01-01T00:00:00Z\n[[server.tool]]\nname = \"a\"\nargs.x = {{ type = \"integer\", max = 1 }}\n[[server.tool]]\nname = \"d\"\ndeny = \"no\"\n[[server.tool]]\nname = \"p\"\npin = \"{PIN}\"\n[[server.tool]]\nname = \"r\"\ncalls_per_min = 1\n"
    );
    let policy = server(&rules);
    let mut caller = Caller::of(&policy);
    let observed = |caller: &Caller<'_>, body: String| {
        caller
            .admit(body)
            .map(|exchange| exchange.observed().map(|(reason, _)| reason.label()))
    };
    let refused = |reason| Err((reason, None, false));
    assert_eq!(
        observed(
            &caller,
            request("tools/call", r#""name":"a","arguments":{"x":1}"#)
        ),
        Ok(None)
    );
    assert_eq!(
        observed(
            &caller,
            request("tools/call", r#""name":"a","arguments":{"x":2}"#)
        ),
        Ok(Some("argument.max"))
    );
    assert_eq!(observed(&caller, call("new")), Ok(Some("tool_not_listed")));
    assert_eq!(
        observed(&caller, request("resources/list", "")),
        Ok(Some("method_not_listed"))
    );
    assert_eq!(
        observed(&caller, call("d")),
        Err(("denied", Some(10), false))
    );
    assert_eq!(
        observed(&caller, call("p")),
        Err(("pin_unseen", Some(13), false))
    );
    assert_eq!(
        observed(&caller, call("no spaces")),
        refused("tool_name_invalid")
    );
    assert_eq!(
        observed(&caller, request("tools/call", r#""name":"new","task":{}"#)),
        refused("task_not_listed")
    );
    assert_eq!(
        observed(
            &caller,
            request("tools/call", r#""name":"new","requestState":"x""#)
        ),
        refused("state_unbound")
    );
    assert_eq!(
        observed(&caller, request("tasks/list", "")),
        refused("method_not_listed")
    );
    assert_eq!(
        observed(&caller, request("portcullis/none", "")),
        refused("method_unknown")
    );
    assert_eq!(
        (caller.reason(call("r")), caller.reason(call("r"))),
        ("ok", "rate_limited")
    );
    caller.now = Moment(5_000_000_000_000);
    assert_eq!(
        caller.reason(call("new")),
        "tool_not_listed",
        "the trial is over"
    );
}

#[test]
fn a_listing_on_trial_shows_what_a_call_may_reach_pf7() {
    let policy = server(
        "observe_until = 2100-01-01T00:00:00Z\n[[server.tool]]\nname = \"d\"\ndeny = \"no\"\n",
    );
    let mut listing = exchange(&policy, &request("tools/list", ""));
    let answer = format!(
        r#"{{"jsonrpc":"2.0","id":{},"result":{{"tools":[{{"name":"new"}},{{"name":"d"}},{{"name":"n w"}}]}}}}"#,
        support::UPSTREAM_ID
    );
    let (body, _) = finished(judge(&policy, &mut listing, &answer));
    assert!(body.contains(r#"[{"name":"new"}]"#), "{body}");
}

#[test]
fn a_prompt_on_trial_is_shown_unless_it_is_denied_or_is_no_name() {
    let policy = server(
        "observe_until = 2100-01-01T00:00:00Z\n[[server.prompt]]\nname = \"d\"\ndeny = \"no\"\n",
    );
    let mut listing = exchange(&policy, &request("prompts/list", ""));
    let answer = format!(
        r#"{{"jsonrpc":"2.0","id":{},"result":{{"prompts":[{{"name":"new"}},{{"name":"d"}},{{"name":"n w"}}]}}}}"#,
        support::UPSTREAM_ID
    );
    let (body, _) = finished(judge(&policy, &mut listing, &answer));
    assert!(body.contains(r#"[{"name":"new"}]"#), "{body}");
}

#[test]
fn a_tightened_argument_reaches_a_call_in_flight_pf20_f4() {
    let wide = server("[[server.tool]]\nname = \"a\"\nargs.x = { type = \"integer\", max = 9 }\n");
    let narrow =
        server("[[server.tool]]\nname = \"a\"\nargs.x = { type = \"integer\", max = 1 }\n");
    let body = request("tools/call", r#""name":"a","arguments":{"x":5}"#);
    let answer = format!(
        r#"{{"jsonrpc":"2.0","id":{},"result":{{}}}}"#,
        support::UPSTREAM_ID
    );
    let (_, verdict) = finished(judge(&narrow, &mut exchange(&wide, &body), &answer));
    assert!(
        matches!(verdict, Verdict::Refused(reason, Some(_)) if reason.label() == "policy_tightened")
    );
    let (_, verdict) = finished(judge(&wide, &mut exchange(&wide, &body), &answer));
    assert_eq!(verdict, Verdict::Released { removed: 0 });
}
