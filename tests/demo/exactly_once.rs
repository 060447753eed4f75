//! Exactly once: calls through the real agent over mutual TLS while polls and posts fail around them.
//!
//! The server runs each call once, the control plane accepts one answer for each, and what is lost on the way is lost where nobody can help
//! it: a poll that breaks inside its body took its commands with it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use portcullis::demo::agent::Log;
use portcullis::demo::control_plane::{Command, ControlPlane, Fault, Reply, Route};
use portcullis::demo::mcp_server::{self, Heard, SEARCH_RECORDS};
use portcullis::demo::{Plan, Stage};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::on_record::{assert_each_intent_ended_once, folder, of_kind, records};

const CALLS: usize = 10_000;
const CALLERS: usize = 64;
/// Longer than any of this may take; it only ends a test that would hang.
const HANGS: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread")]
async fn each_call_runs_once_and_is_answered_once_while_polls_and_posts_fail() {
    let mut stage = Stage::set(&plan(), Log::Kept).await.unwrap();
    let unavailable = Fault::status(StatusCode::SERVICE_UNAVAILABLE);
    stage
        .control
        .spoil_polls_at(100, &[unavailable, Fault::CutBeforeHeaders]);
    stage
        .control
        .spoil_posts_at(100, &[Fault::CutBeforeHeaders, Fault::DoneThenCut]);
    timeout(HANGS, call_all(&stage.control))
        .await
        .expect("every call is answered");
    let server = stage.server.as_ref().unwrap();
    let runs = runs(&server.heard());
    assert_eq!(runs.len(), CALLS, "each call ran");
    assert!(runs.values().all(|times| *times == 1), "none ran twice");
    assert_accepted_once(&stage.control);
    assert!(spoiled_polls(&stage.control) > 0, "polls failed");
    assert!(
        stage.control.posts().iter().any(|post| !post.taken),
        "posts failed"
    );
    assert_eq!(stage.control.violations(), [""; 0]);
    assert_eq!(stage.control.open_commands(), 0);
    assert!(stage.stop_agent().await.unwrap().success());
    let (verified, records) = records(&folder(&stage));
    assert_eq!(verified.signed, verified.size, "signed to the last record");
    assert_eq!(of_kind(&records, "intent").len(), CALLS);
    let verdicts = assert_each_intent_ended_once(&records);
    assert_eq!(verdicts, HashMap::from([("allow".to_owned(), CALLS)]));
}

/// The service handed the command over, and only half of it arrived: nobody can answer it, and nobody may keep silent about it.
#[tokio::test(flavor = "multi_thread")]
async fn a_poll_cut_inside_its_body_is_one_recorded_loss() {
    let mut stage = Stage::set(&plan(), Log::Kept).await.unwrap();
    let mut first = stage.control.enqueue(call(1));
    assert!(is_answer_to(1, &first.reply().await.unwrap()));
    // The poll after that is held by now and takes the second call; the one that follows is cut.
    sleep(Duration::from_millis(500)).await;
    let polls = stage.control.poll_count();
    stage.control.spoil_polls(1, &Fault::CutInsideBody);
    let mut second = stage.control.enqueue(call(2));
    assert!(is_answer_to(2, &second.reply().await.unwrap()));
    timeout(HANGS, stage.control.polled(polls + 1))
        .await
        .expect("the poll to be cut");
    let _lost = stage.control.enqueue(call(3));
    let cut = stage.agent.line(|line| line["fault"] == "body").await;
    assert!(cut.is_some(), "{}", stage.agent.last_lines(40));
    let mut after = stage.control.enqueue(call(4));
    let reply = timeout(HANGS, after.reply()).await.unwrap().unwrap();
    assert!(is_answer_to(4, &reply));
    assert_eq!(stage.control.open_commands(), 1, "the lost one");
    assert!(stage.stop_agent().await.unwrap().success());
    let (_, records) = records(&folder(&stage));
    assert_eq!(of_kind(&records, "poll_lost").len(), 1);
    assert_eq!(of_kind(&records, "intent").len(), 3);
    assert_each_intent_ended_once(&records);
}

/// The real agent between a control plane and a server that needs no session.
pub(crate) fn plan() -> Plan {
    let server = mcp_server::Options {
        sessions: false,
        ..mcp_server::Options::default()
    };
    Plan {
        server,
        ..Plan::new(env!("CARGO_BIN_EXE_portcullis").into())
    }
}

/// One call of a listed tool that nobody else makes.
pub(crate) fn call(number: usize) -> Command {
    let message = json!({
        "jsonrpc": "2.0", "id": number, "method": "tools/call",
        "params": {"name": SEARCH_RECORDS, "arguments": {"query": format!("call-{number}")}},
    });
    Command::jsonrpc(message.to_string())
}

/// Whether this is the tool's answer, under the caller's own id.
pub(crate) fn is_answer_to(number: usize, reply: &Reply) -> bool {
    let json = reply.json.as_deref().unwrap_or("null");
    let value: Value = serde_json::from_str(json).unwrap();
    reply.code == 200 && value["id"] == number && value["result"]["isError"] == false
}

async fn call_all(control: &Arc<ControlPlane>) {
    let callers = (0..CALLERS).map(|first| {
        let control = control.clone();
        tokio::spawn(async move {
            for number in (first..CALLS).step_by(CALLERS) {
                let reply = control.enqueue(call(number)).reply().await.unwrap();
                assert!(is_answer_to(number, &reply), "{number}: {reply:?}");
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
}

/// How often the server ran each call, by what it asked for.
pub(crate) fn runs(heard: &[Heard]) -> HashMap<String, usize> {
    let mut runs = HashMap::new();
    for body in heard.iter().map(|heard| &heard.body) {
        let message: Value = serde_json::from_slice(body).unwrap_or_default();
        if let Some(query) = message["params"]["arguments"]["query"].as_str() {
            *runs.entry(query.to_owned()).or_default() += 1;
        }
    }
    runs
}

pub(crate) fn assert_accepted_once(control: &ControlPlane) {
    let mut accepted: HashMap<String, usize> = HashMap::new();
    for post in control.posts().iter().filter(|post| post.taken) {
        *accepted.entry(post.request_id.clone()).or_default() += 1;
    }
    assert!(accepted.values().all(|times| *times == 1), "{accepted:?}");
}

fn spoiled_polls(control: &ControlPlane) -> usize {
    let calls = control.calls();
    let polls = calls.iter().filter(|call| call.route == Route::Poll);
    polls
        .filter(|call| {
            call.status
                .is_none_or(|status| status == StatusCode::SERVICE_UNAVAILABLE)
        })
        .count()
}
