//! Requests of the server in the middle of a call (W-11, C8).

use super::*;

#[tokio::test]
async fn a_servers_own_requests_are_answered_and_the_call_goes_on_w_11_c8() {
    let raw = Raw::start(|seen| match seen.index {
        0 => vec![
            stream("Mcp-Session-Id: s-9\r\n"),
            event(r#"{"jsonrpc":"2.0","id":"p-1","method":"ping"}"#),
            Act::Await(2),
            event(r#"{"jsonrpc":"2.0","id":7,"method":"sampling/createMessage","params":{"messages":[]}}"#),
            Act::Await(3),
            event(r#"{"jsonrpc":"2.0","id":8,"method":"elicitation/create","params":{}}"#),
            Act::Await(4),
            event(&seen.answer_text()),
        ],
        // What the server says to our answers is of no interest.
        _ => vec![reply("500 Internal Server Error", "", "no")],
    })
    .await;
    let caller = element(
        "r",
        "main",
        r#""headers":{"Authorization":["Bearer caller"]},"#,
        CALL,
    );
    let desk = through(plain_peer(LONG), raw.url(), PATIENT, one(caller)).await;
    assert_answered(&desk.reply("r"));
    assert_eq!(desk.posts().len(), 1, "nothing of it reaches the caller");
    let seen = raw.seen();
    let bodies: Vec<&str> = seen[1..].iter().map(|s| s.body.as_str()).collect();
    let refused = |id| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32601,"message":"Method not found"}}}}"#
        )
    };
    assert_eq!(bodies[0], r#"{"jsonrpc":"2.0","id":"p-1","result":{}}"#);
    assert_eq!(bodies[1..], [refused(7), refused(8)]);
    for own in &seen[1..] {
        assert_eq!(own.line(), "POST /mcp HTTP/1.1");
        assert_eq!(own.header("mcp-session-id").as_deref(), Some("s-9"));
        assert_eq!(
            own.header("authorization").as_deref(),
            Some("Bearer caller")
        );
        assert_eq!(own.header("x-operator").as_deref(), Some("ours"));
    }
}

/// A session the caller named is the one answered on, whatever the server calls it now.
#[tokio::test]
async fn a_ping_is_answered_on_the_callers_session_w_11() {
    let raw = Raw::start(|seen| match seen.index {
        0 => vec![
            stream("Mcp-Session-Id: other\r\n"),
            event(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#),
            Act::Await(2),
            event(&seen.answer_text()),
        ],
        _ => vec![reply("202 Accepted", "", "")],
    })
    .await;
    let desk = through(plain_peer(LONG), raw.url(), PATIENT, sent_call()).await;
    assert_answered(&desk.reply("r"));
    assert_eq!(
        raw.seen()[1].header("mcp-session-id").as_deref(),
        Some("s-1")
    );
}
