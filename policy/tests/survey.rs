//! What an operator's tool asks a server, and what it takes for the answer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use bytes::Bytes;
use portcullis_policy::Channel;
use portcullis_policy::document::Limits;
use portcullis_policy::permit::{Heard, Offer, Question, Survey, Verb};
use serde_json::{Value, json};

fn survey() -> Survey {
    Survey::new(Channel::main(), Limits::default())
}

/// What is sent for a question: its message, and the headers that depend on the server.
fn asked(survey: &mut Survey, question: Question<'_>) -> (Value, Vec<(String, String)>) {
    let sent = survey.ask(question).into_outgoing();
    let named = sent
        .headers
        .iter()
        .filter(|header| header.name.starts_with("mcp-"));
    let named = named.map(|header| (header.name.to_string(), header.value.to_string()));
    (serde_json::from_slice(&sent.body).unwrap(), named.collect())
}

fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// What becomes of a message; `true` for the answer.
fn read(survey: &mut Survey, message: &Value) -> Result<bool, &'static str> {
    let heard = survey.read(Bytes::from(message.to_string()))?;
    Ok(matches!(heard, Heard::Answer(_)))
}

fn result(id: &Value, result: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": result})
}

#[test]
fn a_session_is_opened_and_named_from_then_on() {
    let mut survey = survey();
    let (first, named) = asked(&mut survey, Question::Initialize);
    assert_eq!(
        (&first["method"], &first["id"]),
        (&json!("initialize"), &json!(1))
    );
    assert_eq!(named, []);
    survey.begin(&[header("mcp-session-id", "s-1")]);
    let agreed = result(&first["id"], &json!({"protocolVersion": "2025-06-18"}));
    assert_eq!(read(&mut survey, &agreed), Ok(true));
    let both = [
        header("mcp-session-id", "s-1"),
        header("mcp-protocol-version", "2025-06-18"),
    ];
    let (told, named) = asked(&mut survey, Question::Initialized);
    assert_eq!(
        (&told["id"], named.as_slice()),
        (&Value::Null, both.as_slice())
    );
    let (second, named) = asked(&mut survey, Question::Page(Offer::Tools, Some(b"\"next\"")));
    assert_eq!(second["id"], 3, "each question has a number of its own");
    assert_eq!(second["params"]["cursor"], "next");
    assert_eq!(named, both);
    let closed = survey.close().unwrap().into_outgoing();
    assert_eq!((closed.verb, closed.body.len()), (Verb::Terminate, 0));
}

#[test]
fn a_revision_nobody_knows_is_not_repeated_and_without_a_session_nothing_ends() {
    let mut survey = survey();
    let (first, _) = asked(&mut survey, Question::Initialize);
    let agreed = result(
        &first["id"],
        &json!({"protocolVersion": "2099-01-01\\r\\nX: y"}),
    );
    assert_eq!(read(&mut survey, &agreed), Ok(true));
    assert_eq!(asked(&mut survey, Question::Initialized).1, []);
    assert!(survey.close().is_none());
}

#[test]
fn only_the_whole_answer_to_the_last_question_is_one() {
    let mut survey = survey();
    let (first, _) = asked(&mut survey, Question::Initialize);
    let (second, _) = asked(&mut survey, Question::Page(Offer::Prompts, None));
    let error =
        json!({"jsonrpc": "2.0", "id": second["id"], "error": {"code": -32601, "message": "no"}});
    let stale =
        json!({"jsonrpc": "2.0", "id": first["id"], "error": {"code": -32601, "message": "no"}});
    let partly = result(&second["id"], &json!({"resultType": "input_required"}));
    let other = json!({"jsonrpc": "2.0", "method": "notifications/message"});
    for (message, expected) in [
        (result(&first["id"], &json!({})), Ok(false)),
        (stale, Ok(false)),
        (other, Ok(false)),
        (
            json!({"jsonrpc": "2.0", "id": 9, "method": "ping"}),
            Ok(false),
        ),
        (error, Err("error_answer")),
        (partly, Err("incomplete_answer")),
        (
            result(&second["id"], &json!({"resultType": "complete"})),
            Ok(true),
        ),
        (result(&second["id"], &json!({})), Ok(true)),
    ] {
        assert_eq!(read(&mut survey, &message), expected, "{message}");
    }
}

#[test]
fn a_server_without_sessions_is_told_everything_each_time() {
    let mut survey = survey();
    let modern = |method: &str| {
        [
            header("mcp-protocol-version", "2026-07-28"),
            header("mcp-method", method),
        ]
    };
    let (first, named) = asked(&mut survey, Question::Discover);
    assert_eq!(named, modern("server/discover"));
    survey.begin(&[header("mcp-session-id", "s-1")]);
    let agreed = result(&first["id"], &json!({"protocolVersion": "2025-06-18"}));
    assert_eq!(read(&mut survey, &agreed), Ok(true));
    let (second, named) = asked(&mut survey, Question::Page(Offer::Tools, None));
    assert_eq!(
        named,
        modern("tools/list"),
        "neither is taken from the server"
    );
    for message in [first, second] {
        let meta = &message["params"]["_meta"];
        assert_eq!(
            meta["io.modelcontextprotocol/protocolVersion"],
            "2026-07-28"
        );
    }
}
