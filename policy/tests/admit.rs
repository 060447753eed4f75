//! What may go in: the lifecycle, listed tools, and nothing else; what is sent is what was judged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::sync::Arc;

use portcullis_policy::permit::{ReplyKind, Verb};
use portcullis_policy::{Channel, Inbound, Ledger, PolicySet};
use support::{
    UPSTREAM_ID, admit, admit_with, compile, facts, headers, json, policy, refused, sent,
};

const CALL: &str = r#"{"jsonrpc":"2.0","id":"a-1","method":"tools/call","params":{"name":"echo","arguments":{"x":1e2}}}"#;

#[test]
fn a_listed_tool_crosses_with_nothing_changed_but_its_id() {
    let body = sent(&policy(&["echo"]), CALL).body;
    assert_eq!(body, CALL.replace("\"a-1\"", &UPSTREAM_ID.to_string()));
}

#[test]
fn white_space_numbers_and_escapes_are_not_touched_f3() {
    let odd = "\t{ \"id\" :7 ,\r\n\"params\":{\"arguments\":{\"n\":-0.0,\"e\":1E+2,\"s\":\"\\u0041\\/\"},\"name\":\"\\u0065cho\"},\"method\":\"tools\\/call\",\"jsonrpc\":\"2.0\"} ";
    let body = sent(&policy(&["echo"]), odd).body;
    assert_eq!(body, odd.replace(":7 ", &format!(":{UPSTREAM_ID} ")));
}

#[test]
fn an_unlisted_tool_is_refused_and_told_why_only_in_the_record() {
    let (reason, said) = refused(&policy(&["echo"]), CALL.replace("echo", "secret"));
    assert_eq!(reason, "tool_not_listed");
    let correlation = format!("{:032x}", 0xabc);
    let expected = format!(
        r#"{{"jsonrpc":"2.0","id":"a-1","error":{{"code":-31403,"message":"Refused by policy","data":{{"correlation_id":"{correlation}","retryable":false}}}}}}"#
    );
    assert_eq!(said, expected);
}

#[test]
fn lifecycle_is_allowed_for_a_listed_server_and_nothing_else_b5() {
    let bare = policy(&[]);
    for method in ["initialize", "ping", "server/discover"] {
        assert!(
            admit(
                &bare,
                format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"}}"#)
            )
            .is_ok(),
            "{method}"
        );
    }
    assert!(
        admit(
            &bare,
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#
        )
        .is_ok()
    );
    let listed = policy(&["echo"]);
    for method in [
        "resources/read",
        "resources/list",
        "prompts/get",
        "completion/complete",
        "logging/setLevel",
        "tasks/get",
        "skills/get",
        "subscriptions/listen",
    ] {
        let (reason, _) = refused(
            &listed,
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"}}"#),
        );
        assert_eq!(reason, "method_not_listed", "{method}");
    }
    assert_eq!(
        refused(&bare, r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#).0,
        "method_not_listed"
    );
    assert_eq!(refused(&bare, CALL.to_owned()).0, "tool_not_listed");
}

#[test]
fn unknown_methods_and_the_wrong_kind_are_refused_invariant_10() {
    let policy = policy(&["echo"]);
    for method in [
        "tools/callx",
        "rpc.discover",
        "ui/initialize",
        "Tools/Call",
        " tools/call",
    ] {
        assert_eq!(
            refused(
                &policy,
                format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"}}"#)
            )
            .0,
            "method_unknown",
            "{method}"
        );
    }
    let as_notification = r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"echo"}}"#;
    assert_eq!(refused(&policy, as_notification).0, "method_unknown");
    assert_eq!(
        refused(
            &policy,
            r#"{"jsonrpc":"2.0","id":1,"method":"notifications/initialized"}"#
        )
        .0,
        "method_unknown"
    );
}

#[test]
fn a_refused_notification_is_acknowledged_and_goes_nowhere() {
    let refused = admit(
        &policy(&["echo"]),
        r#"{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}"#,
    )
    .err()
    .unwrap();
    let released = refused.into_released();
    assert_eq!(
        (released.kind(), released.code(), released.json()),
        (ReplyKind::Ack, 202, None)
    );
}

#[test]
fn tool_names_are_exact_b1_b2() {
    let policy = policy(&["echo"]);
    for name in [
        "Echo",
        "echo ",
        " echo",
        "echo\\n",
        "echo\\u0000",
        "e\u{441}ho",
        "\u{ff45}cho",
        "ec\u{200b}ho",
        "",
    ] {
        let (reason, _) = refused(&policy, CALL.replace("echo", name));
        assert!(
            matches!(reason, "tool_name_invalid" | "tool_not_listed"),
            "{name:?}: {reason}"
        );
    }
    for params in [
        "{}",
        r#"{"name":7}"#,
        r#"{"name":null}"#,
        r#"{"name":["echo"]}"#,
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
        assert_eq!(refused(&policy, body).0, "tool_name_invalid", "{params}");
    }
}

#[test]
fn tasks_and_answers_to_a_server_wait_for_rules_of_their_own_b10_b11() {
    let policy = policy(&["echo"]);
    for (extra, reason) in [
        (r#""task":{"ttl":1000}"#, "task_not_listed"),
        (r#""inputResponses":{}"#, "input_not_listed"),
        (r#""requestState":"s""#, "state_unbound"),
        (r#""task":{"ttl":1e12}"#, "task_invalid"),
        (r#""task":[]"#, "task_invalid"),
        (r#""taskId":7"#, "task_invalid"),
        (r#""requestState":{}"#, "state_unbound"),
    ] {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"echo",{extra}}}}}"#
        );
        assert_eq!(refused(&policy, body).0, reason);
    }
}

#[test]
fn a_progress_token_is_replaced_by_our_own_b13() {
    let body = sent(&policy(&["echo"]), r#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"_meta":{"progressToken":"tok"},"name":"echo"}}"#).body;
    assert_eq!(
        body,
        format!(
            r#"{{"jsonrpc":"2.0","id":{UPSTREAM_ID},"method":"tools/call","params":{{"_meta":{{"progressToken":{UPSTREAM_ID}}},"name":"echo"}}}}"#
        )
    );
    let odd = r#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"_meta":{"progressToken":{}},"name":"echo"}}"#;
    assert_eq!(refused(&policy(&["echo"]), odd).0, "envelope.params");
}

#[test]
fn a_cancellation_reaches_its_own_call_and_no_other_b12() {
    let policy = policy(&["echo"]);
    let ledger = Arc::new(Ledger::default());
    let channel = Channel::main();
    let ask = |body: &str, session: &str| {
        let sent = headers(&[("mcp-session-id", session)]);
        policy.admit(
            &Inbound {
                channel: &channel,
                headers: &sent,
                body: body.to_owned().into(),
            },
            facts(),
            &ledger,
        )
    };
    let cancel = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"a-1","reason":"r"}}"#;
    let live = ask(CALL, "one").map_err(|r| r.reason().label()).unwrap();
    for (body, session) in [
        (cancel.to_owned(), "two"),
        (cancel.replace("\"a-1\"", "1"), "one"),
        (cancel.replace("a-1", "a-2"), "one"),
    ] {
        assert_eq!(
            ask(&body, session).err().unwrap().reason().label(),
            "cancel_unbound",
            "{body} {session}"
        );
    }
    let own = ask(cancel, "one")
        .map_err(|r| r.reason().label())
        .unwrap()
        .0
        .into_outgoing()
        .body;
    assert_eq!(own, cancel.replace("\"a-1\"", &UPSTREAM_ID.to_string()));
    drop(live);
    assert_eq!(
        ask(cancel, "one").err().unwrap().reason().label(),
        "cancel_unbound",
        "the call is over"
    );
}

#[test]
fn an_orphan_answer_is_no_request_e6() {
    let (reason, said) = refused(
        &policy(&["echo"]),
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
    );
    assert_eq!(reason, "orphan_answer");
    assert!(said.contains("-32600"), "{said}");
}

#[test]
fn an_unbound_channel_is_told_as_the_reference_does_dp_012_e3() {
    let policy = policy(&["echo"]);
    let channel = Channel::parse("harpoon").unwrap();
    let inbound = Inbound {
        channel: &channel,
        headers: &[],
        body: CALL.into(),
    };
    let refused = policy
        .admit(&inbound, facts(), &Arc::new(Ledger::default()))
        .err()
        .unwrap();
    assert_eq!(refused.reason().label(), "channel_not_listed");
    let released = refused.into_released();
    assert_eq!(released.code(), 400);
    assert_eq!(
        json(&released),
        r#"{"jsonrpc":"2.0","id":"a-1","error":{"code":-32603,"message":"Bad Request: unsupported channel \"harpoon\""}}"#
    );
}

#[test]
fn size_is_judged_first_and_the_refusal_still_finds_its_caller() {
    let small = compile(
        "schema = 1\n[limits]\nrequest_bytes = 256\n[[server]]\nchannel = \"main\"\ntools = [\"echo\"]\n",
    );
    let fits = |n: usize| {
        format!(
            r#"{{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{{"name":"echo","arguments":{{"pad":"{}"}}}}}}"#,
            "x".repeat(n)
        )
    };
    let base = fits(0).len();
    assert!(admit(&small, fits(256 - base)).is_ok(), "N bytes");
    let (reason, said) = refused(&small, fits(257 - base));
    assert_eq!(reason, "gate.too_large");
    assert!(
        said.starts_with(r#"{"jsonrpc":"2.0","id":9,"error":{"code":-31403"#),
        "{said}"
    );
}

#[test]
fn the_default_policy_refuses_everything() {
    let policy = compile(PolicySet::DEFAULT);
    for method in ["initialize", "ping", "tools/list", "tools/call"] {
        assert_eq!(
            refused(
                &policy,
                format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"}}"#)
            )
            .0,
            "channel_not_listed"
        );
    }
}

#[test]
fn the_end_of_a_session_needs_a_session_d22() {
    let policy = policy(&[]);
    let ask =
        |sent: &[(&str, &str)]| policy.admit_termination(&Channel::main(), &headers(sent), facts());
    let (permitted, exchange) = ask(&[("mcp-session-id", "abc"), ("authorization", "Bearer b")])
        .map_err(|r| r.reason().label())
        .unwrap();
    let outgoing = permitted.into_outgoing();
    assert_eq!(outgoing.verb, Verb::Terminate);
    assert!(outgoing.body.is_empty());
    assert!(
        outgoing
            .headers
            .iter()
            .any(|h| h.name == "authorization" && h.value == "Bearer b")
    );
    assert_eq!(exchange.acknowledge().kind(), ReplyKind::Termination);
    for (bad, reason) in [
        (vec![], "session_missing"),
        (vec![("mcp-session-id", "a b")], "header_invalid"),
        (
            vec![("mcp-session-id", "a"), ("mcp-session-id", "b")],
            "header_invalid",
        ),
    ] {
        let refused = ask(&bad).err().unwrap();
        assert_eq!(refused.reason().label(), reason);
        assert_eq!(refused.into_released().kind(), ReplyKind::Termination);
    }
}

#[test]
fn headers_are_an_allowlist_d1_w_07() {
    let text = "schema = 1\n[[server]]\nchannel = \"main\"\ntools = [\"echo\"]\nforward_headers = [\"x-tenant\"]\n";
    let sent = [
        ("authorization", "Bearer caller"),
        ("x-tenant", "t1"),
        ("x-other", "o"),
        ("host", "evil"),
        ("content-type", "text/plain"),
        ("transfer-encoding", "chunked"),
        ("accept-encoding", "gzip"),
        ("cookie", "c"),
        ("x-forwarded-for", "1.2.3.4"),
        ("x-openai-subject", "s"),
        ("last-event-id", "e"),
    ];
    let (permitted, _) = admit_with(&compile(text), CALL, &sent)
        .map_err(|r| r.reason().label())
        .unwrap();
    let mut got: Vec<String> = permitted
        .into_outgoing()
        .headers
        .iter()
        .map(|h| format!("{}: {}", h.name, h.value))
        .collect();
    got.sort();
    let expected = [
        "accept-encoding: identity",
        "accept: application/json, text/event-stream",
        "authorization: Bearer caller",
        "content-type: application/json",
        "x-openai-subject: s",
        "x-tenant: t1",
    ];
    assert_eq!(got, expected);
}

#[test]
fn headers_and_body_agree_or_the_call_is_refused_d2_d3_d4() {
    let modern = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"},"name":"echo"}}"#;
    let version = ("mcp-protocol-version", "2026-07-28");
    let method = ("mcp-method", "tools/call");
    let name = ("mcp-name", "echo");
    let policy = policy(&["echo", "secret"]);
    let (permitted, _) = admit_with(&policy, modern, &[version, method, name])
        .map_err(|r| r.reason().label())
        .unwrap();
    let routed = permitted.into_outgoing().headers;
    assert!(
        routed
            .iter()
            .any(|h| h.name == "mcp-name" && h.value == "echo")
    );
    for (what, body, sent) in [
        (
            "another name",
            modern,
            vec![version, method, ("mcp-name", "secret")],
        ),
        (
            "another method",
            modern,
            vec![version, ("mcp-method", "ping"), name],
        ),
        ("no name", modern, vec![version, method]),
        ("no method", modern, vec![version, name]),
        (
            "an older header",
            modern,
            vec![("mcp-protocol-version", "2025-11-25"), method, name],
        ),
        ("no version header", modern, vec![method, name]),
        ("no version in the body", CALL, vec![version, method, name]),
        ("a lie in legacy form", CALL, vec![("mcp-name", "secret")]),
        (
            "upper-case markers",
            modern,
            vec![version, method, ("mcp-name", "=?BASE64?ZWNobw==?=")],
        ),
        (
            "a sentinel",
            modern,
            vec![version, method, ("mcp-name", "=?base64?ZWNobw==?=")],
        ),
    ] {
        let refused = admit_with(&policy, body, &sent)
            .err()
            .unwrap_or_else(|| panic!("{what} crossed"));
        assert_eq!(refused.reason().label(), "header_mismatch", "{what}");
        let released = refused.into_released();
        assert_eq!(released.code(), 400);
        assert!(json(&released).contains("-32020"));
    }
    assert_eq!(
        admit_with(&policy, CALL, &[("mcp-protocol-version", "2031-01-01")])
            .err()
            .unwrap()
            .reason()
            .label(),
        "revision_unknown"
    );
}

#[test]
fn one_message_is_one_line_on_a_line_transport_a23() {
    let inner = r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"secret","arguments":{}}}"#;
    let outer =
        format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":\n{inner}\r\n}}\n");
    let (permitted, _) = admit(&policy(&["echo"]), outer.clone())
        .map_err(|r| r.reason().label())
        .unwrap();
    let line = permitted.into_line();
    assert!(!line.iter().any(|b| matches!(b, b'\r' | b'\n')), "{line:?}");
    assert_eq!(
        line.len(),
        outer.len() + UPSTREAM_ID.to_string().len() - 1,
        "each line break became one space"
    );
}
