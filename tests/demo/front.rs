//! The loopback endpoint plays the service's part: what a caller sends becomes a command, what the agent posts becomes
//! the answer. The agent is played by the test.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request, Response};
use portcullis::demo::{front::Front, net::Client};
use serde_json::Value;

use crate::stage::Stage;

const CALL: &str = "{\"jsonrpc\" : \"2.0\",\"id\":1.0e0,\"method\":\"tools/call\"}";
const RESULT: &str = r#""resp_json":{"jsonrpc":"2.0","id":1.0e0,"result":{}},"resp_code":200"#;
const NOTICE: &str = r#""resp_json":{"jsonrpc":"2.0","method":"notifications/progress"},"resp_code":200,"resp_type":"jsonrpc_notify""#;

/// A request to the endpoint.
fn ask(
    front: &Front,
    method: Method,
    headers: &[(&str, &str)],
    body: &str,
) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(front.url());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request
        .body(Full::new(Bytes::from(body.to_owned())))
        .unwrap()
}

/// Sends a request while the test plays the agent: takes one command and posts these replies to it.
async fn through(
    stage: &Stage,
    request: Request<Full<Bytes>>,
    replies: &[&str],
) -> (Response<Bytes>, Value) {
    let agent = async {
        let polled = stage
            .send(&stage.poll("limit=1&timeout_ms=600000"))
            .await
            .unwrap();
        let body = String::from_utf8(polled.body().to_vec()).unwrap();
        let polled: Value = serde_json::from_str(&body).unwrap();
        let command = polled["commands"][0].clone();
        for reply in replies {
            let (id, token) = (
                command["request_id"].as_str().unwrap(),
                command["shard_token"].as_str().unwrap(),
            );
            let post = stage.post_for(id, token, &format!(r#"{{"request_id":"ID",{reply}}}"#));
            assert_eq!(stage.status(&post).await, 200);
        }
        assert!(
            body.contains(CALL) || command["jsonrpc"]["id"].is_null(),
            "byte for byte"
        );
        command
    };
    let client = Client::plain();
    let (answer, command) = tokio::join!(client.send(request), agent);
    (answer.unwrap(), command)
}

async fn open() -> (Stage, Front) {
    let stage = Stage::set().await;
    let front = Front::open(0, stage.control.clone()).await.unwrap();
    (stage, front)
}

#[tokio::test]
async fn a_post_becomes_a_command_and_the_reply_comes_back() {
    let (stage, front) = open().await;
    let headers = [
        ("authorization", "Bearer caller"),
        ("mcp-session-id", "m1"),
        ("cookie", "c=1"),
        ("user-agent", "test"),
        ("content-type", "application/json"),
    ];
    let reply = format!(
        r#"{RESULT},"resp_headers":{{"Mcp-Session-Id":["m1"],"Content-Type":["application/json"]}}"#
    );
    let (answer, command) =
        through(&stage, ask(&front, Method::POST, &headers, CALL), &[&reply]).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.body(), r#"{"jsonrpc":"2.0","id":1.0e0,"result":{}}"#);
    assert_eq!(answer.headers()["mcp-session-id"], "m1");
    assert_eq!(answer.headers()["content-type"], "application/json");
    let names: Vec<_> = command["headers"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["authorization", "mcp-session-id"]);
}

#[tokio::test]
async fn the_status_of_the_reply_is_the_status_of_the_answer() {
    let (stage, front) = open().await;
    let reply = r#""resp_json":{"jsonrpc":"2.0","id":1.0e0,"error":{"code":-32020,"message":"m"}},"resp_code":400"#;
    let (answer, _) = through(&stage, ask(&front, Method::POST, &[], CALL), &[reply]).await;
    assert_eq!(answer.status(), 400);
}

#[tokio::test]
async fn notifications_make_an_event_stream_for_who_takes_one() {
    let (stage, front) = open().await;
    let accepts = [("accept", "application/json, text/event-stream")];
    let (answer, _) = through(
        &stage,
        ask(&front, Method::POST, &accepts, CALL),
        &[NOTICE, RESULT],
    )
    .await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let expected = "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}\n\n\
                    event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":1.0e0,\"result\":{}}\n\n";
    assert_eq!(answer.body(), expected);

    let (answer, _) = through(
        &stage,
        ask(&front, Method::POST, &[], CALL),
        &[NOTICE, RESULT],
    )
    .await;
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(answer.body(), r#"{"jsonrpc":"2.0","id":1.0e0,"result":{}}"#);

    let streamed = format!(r#"{RESULT},"resp_headers":{{"Content-Type":["text/event-stream"]}}"#);
    let (answer, _) = through(
        &stage,
        ask(&front, Method::POST, &accepts, CALL),
        &[&streamed],
    )
    .await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
}

#[tokio::test]
async fn notifications_and_the_end_of_a_session_are_acknowledged() {
    let (stage, front) = open().await;
    let note = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let ack = r#""resp_code":202,"resp_type":"notify_ack""#;
    let (answer, _) = through(&stage, ask(&front, Method::POST, &[], note), &[ack]).await;
    assert_eq!((answer.status().as_u16(), answer.body().len()), (202, 0));

    let session = [("mcp-session-id", "m1")];
    let ended = r#""resp_code":204,"resp_type":"session_termination_response""#;
    let (answer, command) =
        through(&stage, ask(&front, Method::DELETE, &session, ""), &[ended]).await;
    assert_eq!(answer.status(), 204);
    assert_eq!(command["command_type"], "session_termination");
    assert_eq!(
        command["headers"]["Mcp-Session-Id"],
        serde_json::json!(["m1"])
    );
}

#[tokio::test]
async fn what_is_no_message_is_not_queued() {
    let (stage, front) = open().await;
    let status = async |request| {
        Client::plain()
            .send(request)
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(status(ask(&front, Method::GET, &[], "")).await, 405);
    assert_eq!(status(ask(&front, Method::DELETE, &[], "")).await, 400);
    for body in ["", "[]", "7", "{", "{} {}", "{\"a\":\u{1}}"] {
        assert_eq!(
            status(ask(&front, Method::POST, &[], body)).await,
            400,
            "{body}"
        );
    }
    assert_eq!(
        status(ask(&front, Method::POST, &[("host", "evil.example")], CALL)).await,
        403
    );
    assert_eq!(
        status(ask(
            &front,
            Method::POST,
            &[("origin", "https://evil.example")],
            CALL
        ))
        .await,
        403
    );
    let mut elsewhere = ask(&front, Method::POST, &[], CALL);
    *elsewhere.uri_mut() = front.url().replace("/mcp", "/other").parse().unwrap();
    assert_eq!(status(elsewhere).await, 404);
    assert_eq!(stage.control.open_commands(), 0);
}
