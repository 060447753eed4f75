//! Trouble on demand: each fault does what it says, and only as often as asked.

use hyper::StatusCode;
use portcullis::demo::control_plane::{Command, Fault};

use crate::stage::Stage;

const ANSWER: &str =
    r#"{"request_id":"ID","resp_json":{"jsonrpc":"2.0","id":7,"result":{}},"resp_code":200}"#;
const POLL: &str = "limit=1&timeout_ms=1";

fn call() -> Command {
    Command::jsonrpc(r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#)
}

#[tokio::test]
async fn polls_are_answered_with_a_status_as_often_as_asked() {
    let stage = Stage::set().await;
    stage
        .control
        .spoil_polls(2, &Fault::retry_after(StatusCode::TOO_MANY_REQUESTS, 3));
    for _ in 0..2 {
        let answer = stage.send(&stage.poll(POLL)).await.unwrap();
        assert_eq!(answer.status(), 429);
        assert_eq!(answer.headers()["retry-after"], "3");
    }
    assert_eq!(stage.status(&stage.poll(POLL)).await, 204);
    assert!(stage.control.violations().is_empty());
}

#[tokio::test]
async fn a_connection_can_break_before_and_inside_the_answer() {
    let stage = Stage::set().await;
    let _pending = stage.control.enqueue(call());
    stage.control.spoil_polls(1, &Fault::CutBeforeHeaders);
    assert!(stage.send(&stage.poll(POLL)).await.is_err());
    stage.control.spoil_polls(1, &Fault::CutInsideBody);
    assert!(
        stage.send(&stage.poll(POLL)).await.is_err(),
        "the body is not whole"
    );
    assert_eq!(
        stage.status(&stage.poll(POLL)).await,
        204,
        "the command counts as delivered"
    );
    let statuses: Vec<_> = stage
        .control
        .calls()
        .iter()
        .map(|call| call.status)
        .collect();
    assert_eq!(
        statuses,
        [None, Some(StatusCode::OK), Some(StatusCode::NO_CONTENT)]
    );
}

#[tokio::test]
async fn a_held_poll_ends_when_polls_are_closed() {
    let stage = Stage::set().await;
    stage.control.spoil_polls(1, &Fault::Hold);
    let ask = stage.poll(POLL);
    let (answer, ()) = tokio::join!(stage.send(&ask), async {
        stage.control.polled(1).await;
        stage.control.close_polls();
    });
    assert!(answer.is_err());
}

#[tokio::test]
async fn a_spoiled_post_leaves_the_command_open() {
    let stage = Stage::set().await;
    let mut pending = stage.control.enqueue(call());
    let post = stage.post(&pending, ANSWER);
    stage
        .control
        .spoil_posts(1, &Fault::status(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(stage.status(&post).await, 503);
    stage.control.spoil_posts(1, &Fault::CutBeforeHeaders);
    assert!(stage.send(&post).await.is_err());
    assert_eq!(stage.control.open_commands(), 1);
    stage.control.spoil_posts(1, &Fault::DoneThenCut);
    assert!(stage.send(&post).await.is_err());
    assert_eq!(pending.reply().await.unwrap().code, 200);
    assert_eq!(
        stage.status(&post).await,
        404,
        "the repeat of what was taken"
    );
}

#[tokio::test]
async fn a_command_can_be_wrong_in_any_member() {
    let stage = Stage::set().await;
    let command = call()
        .member("headers", "7")
        .without("created_at")
        .response_timeout("30s");
    let _pending = stage.control.enqueue(command);
    let answer = stage.send(&stage.poll(POLL)).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    let element = &body["commands"][0];
    assert_eq!(element["headers"], 7);
    assert_eq!(element["response_timeout"], "30s");
    assert!(element.get("created_at").is_none());
}
