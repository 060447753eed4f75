//! What may come out: the answer to this call, its progress, and nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::sync::Arc;

use portcullis_policy::permit::{Ignored, Origin, ReplyKind, Verdict};
use portcullis_policy::{Channel, Failure, FailureKind, FailureSource, PolicySet, Reason, Step};
use support::{UPSTREAM_ID, compile, exchange, finished, json, judge, policy};

const CALL: &str = r#"{"jsonrpc":"2.0","id":"a-1","method":"tools/call","params":{"_meta":{"progressToken":"tok"},"name":"echo"}}"#;
const LIST: &str = r#"{"jsonrpc":"2.0","id":3,"method":"tools/list"}"#;

/// Judges one message as the only answer to a call.
fn answer(body: &str, text: &str, status: u16) -> Step {
    let policy = policy(&["echo", "add"]);
    let mut exchange = exchange(&policy, body);
    exchange.begin(status, &[]);
    judge(
        &policy,
        &mut exchange,
        &text.replace("ID", &UPSTREAM_ID.to_string()),
    )
}

fn verdict(body: &str, text: &str) -> Verdict {
    finished(answer(body, text, 200)).1
}

#[test]
fn a_result_crosses_with_nothing_changed_but_its_id_dp_001() {
    let text = "{\"result\" : {\"content\":[{\"type\":\"text\",\"text\":\"\\u00e9 1e2\"}]},\r\n\"id\":ID,\"jsonrpc\":\"2.0\"}";
    let (body, verdict) = finished(answer(CALL, text, 200));
    assert_eq!(body, text.replace("ID", "\"a-1\""));
    assert_eq!(verdict, Verdict::Released { removed: 0 });
}

#[test]
fn an_error_crosses_with_its_status_and_members_dp_049_to_052_fw_003() {
    for (status, code) in [(400, -32003), (404, -32004), (500, -32099), (200, -32601)] {
        let text = format!(
            r#"{{"jsonrpc":"2.0","id":ID,"error":{{"code":{code},"message":"m","extra":1}}}}"#
        );
        let Step::Final(released, _) = answer(CALL, &text, status) else {
            panic!("no answer")
        };
        assert_eq!(
            (released.code(), released.origin()),
            (status, Origin::Judged)
        );
        assert_eq!(json(&released), text.replace("ID", "\"a-1\""));
    }
}

#[test]
fn an_error_under_a_status_that_http_does_not_have_is_a_failure() {
    let text = r#"{"jsonrpc":"2.0","id":ID,"error":{"code":-32003,"message":"m"}}"#;
    for (status, origin) in [
        (599, Origin::Judged),
        (600, Origin::LocalFailure),
        (601, Origin::LocalFailure),
        (999, Origin::LocalFailure),
    ] {
        let Step::Final(released, _) = answer(CALL, text, status) else {
            panic!("no answer")
        };
        assert_eq!(released.origin(), origin, "{status}");
    }
}

#[test]
fn a_listing_shows_what_a_call_would_get_pf7() {
    let text = r#"{"jsonrpc":"2.0","id":ID,"result":{"tools":[ {"name":"secret"}, {"description":"d","name":"echo"} ,{"name":"Echo"},{"name":"add","x":[1, 2]}],"nextCursor":""}}"#;
    let (body, verdict) = finished(answer(LIST, text, 200));
    assert_eq!(
        body,
        r#"{"jsonrpc":"2.0","id":3,"result":{"tools":[{"description":"d","name":"echo"},{"name":"add","x":[1, 2]}],"nextCursor":""}}"#
    );
    assert_eq!(verdict, Verdict::Released { removed: 2 });
}

#[test]
fn what_is_taken_out_is_named_for_the_record_and_bounded() {
    let policy = policy(&["echo", "add"]);
    let listed = |tools: &str| {
        let mut exchange = exchange(&policy, LIST);
        exchange.begin(200, &[]);
        let text =
            format!(r#"{{"jsonrpc":"2.0","id":{UPSTREAM_ID},"result":{{"tools":[{tools}]}}}}"#);
        let step = judge(&policy, &mut exchange, &text);
        assert!(matches!(step, Step::Final(..)));
        exchange.removed().clone()
    };
    let removed = listed(r#"{"name":"secret","description":"d"},{"name":"echo"},{"name":"wipe"}"#);
    assert_eq!((removed.count, removed.are_uris), (2, false));
    assert_eq!(removed.names, ["secret", "wipe"], "in the server's order");
    assert_eq!(listed(r#"{"name":"echo"}"#), Default::default());
    let long = "\u{e9}".repeat(200);
    let many: Vec<String> = (0..20)
        .map(|n| format!(r#"{{"name":"{n}{long}"}}"#))
        .collect();
    let removed = listed(&many.join(","));
    assert_eq!((removed.count, removed.names.len()), (20, 16));
    assert!(removed.names.iter().all(|name| name.chars().count() == 128));
}

#[test]
fn a_listing_with_two_meanings_loses_the_item_a3_b4() {
    for (tools, kept) in [
        (
            r#"{"name":"echo"},{"name":"echo","v":2},{"name":"add"}"#,
            r#"{"name":"add"}"#,
        ),
        (
            r#"{"name":"echo","Name":"secret"},{"name":"add"}"#,
            r#"{"name":"add"}"#,
        ),
        (r#"{"name":"secret"}"#, ""),
    ] {
        let (body, _) = finished(answer(
            LIST,
            &format!(r#"{{"jsonrpc":"2.0","id":ID,"result":{{"tools":[{tools}]}}}}"#),
            200,
        ));
        assert_eq!(
            body,
            format!(r#"{{"jsonrpc":"2.0","id":3,"result":{{"tools":[{kept}]}}}}"#)
        );
    }
}

#[test]
fn a_listing_that_cannot_be_read_is_refused() {
    for result in [
        "{}",
        r#"{"tools":{}}"#,
        r#"{"tools":["echo"]}"#,
        r#"{"tools":[{}]}"#,
        r#"{"tools":[{"name":7}]}"#,
    ] {
        let Verdict::Refused(reason, None) = verdict(
            LIST,
            &format!(r#"{{"jsonrpc":"2.0","id":ID,"result":{result}}}"#),
        ) else {
            panic!("{result}")
        };
        assert_eq!(reason.label(), "listing_unreadable", "{result}");
    }
}

#[test]
fn a_servers_own_questions_do_not_cross_c7_c8() {
    for (text, reason) in [
        (
            r#"{"jsonrpc":"2.0","id":ID,"result":{"resultType":"input_required","inputRequests":{}}}"#,
            "reverse_call",
        ),
        (
            r#"{"jsonrpc":"2.0","id":ID,"result":{"inputRequests":{"a":{"method":"sampling/createMessage"}}}}"#,
            "reverse_call",
        ),
        (
            r#"{"jsonrpc":"2.0","id":ID,"error":{"code":-32042,"message":"m","data":{"elicitations":[{"url":"javascript:x"}]}}}"#,
            "reverse_call",
        ),
        (
            r#"{"jsonrpc":"2.0","id":ID,"result":{"resultType":"surprise"}}"#,
            "result_type_unknown",
        ),
        (
            r#"{"jsonrpc":"2.0","id":ID,"result":{"resultType":7}}"#,
            "result_type_unknown",
        ),
        (
            r#"{"jsonrpc":"2.0","id":ID,"result":{"task":{"taskId":"t"}}}"#,
            "task_not_listed",
        ),
    ] {
        let (body, verdict) = finished(answer(CALL, text, 200));
        let Verdict::Refused(found, None) = verdict else {
            panic!("{text}")
        };
        assert_eq!(found.label(), reason, "{text}");
        assert!(
            body.contains("-31403") && !body.contains("javascript"),
            "{body}"
        );
    }
    let complete = r#"{"jsonrpc":"2.0","id":ID,"result":{"resultType":"complete"}}"#;
    assert_eq!(verdict(CALL, complete), Verdict::Released { removed: 0 });
}

#[test]
fn a_servers_request_is_answered_and_the_call_goes_on_w_11() {
    for (method, expected) in [
        ("ping", r#"{"jsonrpc":"2.0","id":"s-1","result":{}}"#),
        (
            "sampling/createMessage",
            r#"{"jsonrpc":"2.0","id":"s-1","error":{"code":-32601,"message":"Method not found"}}"#,
        ),
        (
            "roots/list",
            r#"{"jsonrpc":"2.0","id":"s-1","error":{"code":-32601,"message":"Method not found"}}"#,
        ),
    ] {
        let Step::Reply(own) = answer(
            CALL,
            &format!(r#"{{"jsonrpc":"2.0","id":"s-1","method":"{method}"}}"#),
            200,
        ) else {
            panic!("{method}")
        };
        assert_eq!(own.into_outgoing().body, expected);
    }
}

#[test]
fn progress_of_this_call_crosses_under_the_callers_token_b13() {
    let text = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":ID,"progress":1}}"#;
    let Step::Notify(notice) = answer(CALL, text, 200) else {
        panic!("no notice")
    };
    assert_eq!((notice.kind(), notice.code()), (ReplyKind::Notify, 200));
    assert_eq!(json(&notice), text.replace("ID", "\"tok\""));
    assert_eq!(
        notice.headers(),
        [("Content-Type", "text/event-stream".to_owned())]
    );
    for other in [
        text.replace("ID", "1"),
        text.replace("ID", "\"tok\""),
        text.replace(r#""progressToken":ID,"#, ""),
        text.replace("progress\",\"params", "message\",\"params"),
        r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#.to_owned(),
    ] {
        assert!(
            matches!(
                answer(CALL, &other, 200),
                Step::Ignore(Ignored::Notification)
            ),
            "{other}"
        );
    }
}

#[test]
fn only_the_answer_to_this_call_ends_it_d12_pf24() {
    for foreign in ["1", "\"a-1\"", "\"900719\"", "900719.0"] {
        let step = answer(
            CALL,
            &format!(r#"{{"jsonrpc":"2.0","id":{foreign},"result":{{}}}}"#),
            200,
        );
        match step {
            Step::Ignore(Ignored::ForeignAnswer) => {}
            Step::Final(_, Verdict::Failed(failure, Some(_))) => {
                assert_eq!(failure.kind(), FailureKind::InvalidProtocolResponse)
            }
            Step::Notify(_) | Step::Reply(_) | Step::Ignore(_) | Step::Final(..) => {
                panic!("{foreign} was taken")
            }
        }
    }
}

#[test]
fn what_the_gate_refuses_is_a_failure_without_its_text_e10() {
    for (text, kind) in [
        ("<html>secret</html>", FailureKind::MalformedJson),
        (
            r#"[{"jsonrpc":"2.0","id":ID,"result":{}}]"#,
            FailureKind::MalformedJson,
        ),
        (
            r#"{"jsonrpc":"2.0","id":ID,"result":{"secret":1,"secret":2}}"#,
            FailureKind::MalformedJson,
        ),
        (
            r#"{"jsonrpc":"2.0","id":ID,"result":{},"secret":1}"#,
            FailureKind::InvalidProtocolResponse,
        ),
        (
            r#"{"jsonrpc":"2.0","id":ID,"result":{},"error":{"code":1,"message":"secret"}}"#,
            FailureKind::InvalidProtocolResponse,
        ),
    ] {
        let (body, verdict) = finished(answer(CALL, text, 200));
        let Verdict::Failed(failure, Some(_)) = verdict else {
            panic!("{text}: {verdict:?}")
        };
        assert_eq!(
            (failure.source(), failure.kind()),
            (FailureSource::Protocol, kind),
            "{text}"
        );
        assert!(
            body.contains("tunnel_failure") && !body.contains("secret"),
            "{body}"
        );
    }
}

#[test]
fn an_error_status_is_told_by_its_body_tf_014_to_019_fw_008_to_017() {
    for (text, kind) in [
        ("oops", FailureKind::MalformedJson),
        (
            r#"{"jsonrpc":"2.0","id":ID,"result":{}}"#,
            FailureKind::InvalidMcpError,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}"#,
            FailureKind::InvalidMcpError,
        ),
        (
            r#"{"jsonrpc":"2.0","id":ID,"error":{"code":1}}"#,
            FailureKind::InvalidMcpError,
        ),
    ] {
        let (body, verdict) = finished(answer(CALL, text, 502));
        let Verdict::Failed(failure, _) = verdict else {
            panic!("{text}: {verdict:?}")
        };
        assert_eq!(
            (failure.source(), failure.kind(), failure.code()),
            (FailureSource::TargetHttp, kind, 502),
            "{text}"
        );
        assert!(body.contains(r#""id":"a-1""#));
    }
}

#[test]
fn a_tightening_reaches_a_call_in_flight_f4() {
    let before = policy(&["echo"]);
    let after = policy(&["add"]);
    let text = format!(r#"{{"jsonrpc":"2.0","id":{UPSTREAM_ID},"result":{{}}}}"#);
    let mut tightened = exchange(&before, CALL);
    let (_, verdict) = finished(tightened.judge(text.clone().into(), &after));
    assert!(matches!(verdict, Verdict::Refused(reason, _) if reason.label() == "policy_tightened"));
    let mut loosened = exchange(&before, CALL);
    let (_, verdict) = finished(loosened.judge(text.into(), &policy(&["echo", "add"])));
    assert_eq!(verdict, Verdict::Released { removed: 0 });
}

#[test]
fn a_listing_is_never_looser_than_either_policy() {
    let text = format!(
        r#"{{"jsonrpc":"2.0","id":{UPSTREAM_ID},"result":{{"tools":[{{"name":"echo"}},{{"name":"add"}}]}}}}"#
    );
    for (before, after) in [
        (vec!["echo"], vec!["echo", "add"]),
        (vec!["echo", "add"], vec!["echo"]),
    ] {
        let mut exchange = exchange(&policy(&before), LIST);
        let (body, _) = finished(exchange.judge(text.clone().into(), &policy(&after)));
        assert!(body.contains("echo") && !body.contains("add"), "{body}");
    }
}

fn limited(limit: &str) -> Arc<PolicySet> {
    compile(&format!(
        "schema = 1\n[limits]\n{limit}\n[[server]]\nchannel = \"main\"\ntools = [\"echo\"]\n"
    ))
}

const NOISE: &str = r#"{"jsonrpc":"2.0","method":"notifications/message","params":{}}"#;

#[test]
fn the_bytes_of_a_stream_have_an_end_d8() {
    let policy = limited(&format!("stream_bytes = {}", NOISE.len() * 3));
    let mut exchange = exchange(&policy, CALL);
    for _ in 0..3 {
        let step = judge(&policy, &mut exchange, NOISE);
        assert!(matches!(step, Step::Ignore(Ignored::Notification)));
    }
    let (_, verdict) = finished(judge(&policy, &mut exchange, NOISE));
    assert!(matches!(verdict, Verdict::Refused(reason, None) if reason.label() == "stream_limit"));
}

/// D10: what floods a call is dropped, whatever it is, and the answer behind it crosses.
#[test]
fn a_flood_costs_no_answer_d10() {
    let policy = limited("stream_events = 3");
    let mut exchange = exchange(&policy, CALL);
    let progress = format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{UPSTREAM_ID},"progress":1}}}}"#
    );
    for _ in 0..3 {
        let step = judge(&policy, &mut exchange, &progress);
        assert!(matches!(step, Step::Notify(_)));
    }
    for flood in [
        progress.as_str(),
        NOISE,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":2,"method":"roots/list"}"#,
        r#"{"jsonrpc":"2.0","id":3,"result":{}}"#,
    ] {
        let step = judge(&policy, &mut exchange, flood);
        assert!(matches!(step, Step::Ignore(Ignored::Excess)), "{flood}");
    }
    let text = format!(r#"{{"jsonrpc":"2.0","id":{UPSTREAM_ID},"result":{{}}}}"#);
    let (_, verdict) = finished(judge(&policy, &mut exchange, &text));
    assert_eq!(verdict, Verdict::Released { removed: 0 });
}

/// Wire sheet 17: an acknowledgement says 2xx, 4xx or 5xx; a redirect is a failure (D16).
#[test]
fn an_acknowledgement_passes_on_no_redirect() {
    let notification = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let policy = policy(&["echo"]);
    for (status, code, origin) in [
        (200, 200, Origin::Acknowledgement),
        (202, 202, Origin::Acknowledgement),
        (404, 404, Origin::Acknowledgement),
        (503, 503, Origin::Acknowledgement),
        (101, 502, Origin::LocalFailure),
        (307, 502, Origin::LocalFailure),
        (700, 502, Origin::LocalFailure),
    ] {
        let mut exchange = exchange(&policy, notification);
        exchange.begin(status, &[]);
        let released = exchange.acknowledge();
        assert_eq!(
            (released.code(), released.origin()),
            (code, origin),
            "{status}"
        );
        assert_eq!(released.kind(), ReplyKind::Ack, "{status}");
    }
}

/// W-18: what is told to a server whose answer is not waited for names the id it knows; nobody cancels an `initialize` (MCP 2025-11-25).
#[test]
fn the_server_is_told_that_its_answer_is_not_waited_for_w_18() {
    let policy = policy(&["echo"]);
    let told = exchange(&policy, CALL).cancel().unwrap().into_outgoing();
    let expected = format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{UPSTREAM_ID}}}}}"#
    );
    assert_eq!(told.body, expected);
    for never in [
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
    ] {
        assert!(exchange(&policy, never).cancel().is_none(), "{never}");
    }
    let modern = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"},"name":"echo"}}"#;
    let routed = [
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/call"),
        ("mcp-name", "echo"),
    ];
    let call = support::exchange_with(&policy, modern, &routed);
    assert!(call.cancel().is_none(), "the end of the stream says it");
}

#[test]
fn a_probe_reaches_listed_servers_only() {
    let policy = policy(&["echo"]);
    let probe = policy.probe(&Channel::main(), 7).unwrap().into_outgoing();
    assert_eq!(probe.body, r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#);
    assert!(policy.probe(&Channel::parse("other").unwrap(), 7).is_none());
}

/// The rules have nothing against the call: the caller may try again, and learns no more than that.
#[test]
fn a_refusal_for_now_says_that_another_try_may_do() {
    let policy = policy(&["echo"]);
    for reason in [
        Reason::ChannelBusy,
        Reason::GateLowered,
        Reason::AuditUnavailable,
    ] {
        let released = exchange(&policy, CALL).refuse(reason);
        let text = json(&released);
        assert_eq!(released.code(), 200);
        assert!(
            text.contains(r#""code":-31403,"message":"Refused by policy""#),
            "{text}"
        );
        assert!(text.ends_with(r#""retryable":true}}}"#), "{text}");
    }
}

#[test]
fn response_headers_are_an_allowlist_cp_029_cp_033_to_036() {
    let policy = policy(&["echo"]);
    let mut exchange = exchange(&policy, CALL);
    let received = support::headers(&[
        ("content-type", "text/plain"),
        ("set-cookie", "c"),
        ("mcp-session-id", "s1"),
        ("www-authenticate", "Bearer a"),
        ("www-authenticate", "Bearer b"),
        ("last-event-id", "e"),
        ("connection", "close, Last-Event-ID"),
        ("mcp-protocol-version", ""),
        ("retry-after", "9"),
    ]);
    exchange.begin(200, &received);
    let text = format!(r#"{{"jsonrpc":"2.0","id":{UPSTREAM_ID},"result":{{}}}}"#);
    let Step::Final(released, _) = judge(&policy, &mut exchange, &text) else {
        panic!("no answer")
    };
    let got: Vec<String> = released
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    assert_eq!(
        got,
        [
            "Mcp-Session-Id: s1",
            "Www-Authenticate: Bearer a",
            "Www-Authenticate: Bearer b",
            "Content-Type: application/json"
        ]
    );
}

#[test]
fn an_event_stream_keeps_its_type_dp_020() {
    let policy = policy(&["echo"]);
    let mut exchange = exchange(&policy, CALL);
    exchange.begin(
        200,
        &support::headers(&[("content-type", "text/event-stream")]),
    );
    let text = format!(r#"{{"jsonrpc":"2.0","id":{UPSTREAM_ID},"result":{{}}}}"#);
    let Step::Final(released, _) = judge(&policy, &mut exchange, &text) else {
        panic!("no answer")
    };
    assert_eq!(
        released.headers(),
        [("Content-Type", "text/event-stream".to_owned())]
    );
}

#[test]
fn a_failure_says_only_what_the_service_knows_dp_028_dp_029() {
    let policy = policy(&["echo"]);
    let failure = Failure::new(FailureSource::Connect, FailureKind::ConnectionRefused);
    let told = exchange(&policy, CALL).fail(failure);
    assert_eq!(
        (told.kind(), told.code(), told.origin()),
        (ReplyKind::Response, 502, Origin::LocalFailure)
    );
    let ack = exchange(
        &policy,
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
    )
    .fail(failure);
    assert_eq!(
        (ack.kind(), ack.code(), ack.json()),
        (ReplyKind::Ack, 502, None)
    );
}
