//! Tests of the listeners: who is answered, with what, and what is left in the file system.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::{Method, Request, StatusCode};
use serde_json::Value;

use super::control::{Desk, may_operate, respond as operate};
use super::files::{PidFile, UrlFile};
use super::health::{Audience, respond};
use super::http::Answer;
use super::listen::{Bound, Place};
use crate::ops::Ops;
use crate::ops::event::{AgentEvent, Event, PollEvent, ServerEvent};
use crate::ops::gate::{Actor, Standing};

const OPERATOR: Actor = Actor {
    uid: 1000,
    pid: Some(1),
};

fn working() -> Arc<Ops> {
    let ops = Ops::for_tests();
    let took = Duration::ZERO;
    ops.emit(Event::Poll(PollEvent::Answered { elements: 0, took }));
    ops.emit(Event::Server("main", ServerEvent::Reached { status: 200 }));
    ops
}

fn desk(ops: &Arc<Ops>) -> Desk {
    Desk::new(Arc::clone(ops))
}

async fn body(answer: Answer) -> String {
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn get(path: &str, headers: &[(&str, &str)]) -> Request<Empty<Bytes>> {
    let builder = Request::builder().uri(path);
    let builder = headers.iter().fold(builder, |builder, (name, value)| {
        builder.header(*name, *value)
    });
    builder.body(Empty::new()).unwrap()
}

async fn probe(ops: &Ops, path: &str) -> (StatusCode, String) {
    let answer = respond(
        &get(path, &[("host", "127.0.0.1")]),
        ops,
        Audience::ThisMachine,
    );
    (answer.status(), body(answer).await)
}

#[tokio::test]
async fn the_paths_answer_as_the_references_do_rz_015() {
    let ops = working();
    assert_eq!(
        probe(&ops, "/healthz").await,
        (StatusCode::OK, "live".to_owned())
    );
    assert_eq!(
        probe(&ops, "/readyz").await,
        (StatusCode::OK, "ready".to_owned())
    );
    let (status, metrics) = probe(&ops, "/metrics").await;
    assert!(
        status == StatusCode::OK && metrics.contains("\nreadiness 1\n"),
        "{metrics}"
    );
    for path in ["/", "/ui", "/api/status", "/status", "/healthz/"] {
        assert_eq!(probe(&ops, path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_cause_is_told_as_text_and_as_json_with_its_code() {
    let ops = working();
    ops.emit(Event::Agent(AgentEvent::AuditFailing { why: "no space" }));
    let (status, text) = probe(&ops, "/readyz").await;
    assert_eq!(
        (status, text.as_str()),
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "decisions cannot be recorded: no space"
        )
    );
    for (path, headers) in [
        ("/readyz?format=json", &[("host", "localhost:1")][..]),
        (
            "/readyz",
            &[("host", "[::1]:80"), ("accept", "application/json")],
        ),
    ] {
        let answer = respond(&get(path, headers), &ops, Audience::ThisMachine);
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let json: Value = serde_json::from_str(&body(answer).await).unwrap();
        assert_eq!(json["ready"], false);
        assert_eq!(json["causes"][0]["code"], "audit_unavailable");
        assert!(
            json["causes"][0]["since"].as_u64().unwrap() > 1_700_000_000
                && json["causes"][0]["remedy"].is_string()
        );
    }
    ops.emit(Event::Agent(AgentEvent::AuditWritable));
    assert_eq!(probe(&ops, "/readyz").await.0, StatusCode::OK);
}

#[tokio::test]
async fn others_learn_whether_and_not_why() {
    let ops = working();
    ops.gate
        .act(
            crate::ops::gate::Action::Drop,
            ("the secret reason", OPERATOR),
            || {},
        )
        .unwrap();
    for path in ["/readyz", "/readyz?format=json"] {
        let answer = respond(
            &get(path, &[("host", "agent.internal")]),
            &ops,
            Audience::Network,
        );
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let text = body(answer).await;
        assert!(
            text.contains("not ready") && !text.contains("secret") && !text.contains("gate"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn pages_of_a_browser_and_foreign_names_are_refused() {
    let ops = working();
    for (headers, expected) in [
        (&[("host", "localhost:8080")][..], StatusCode::OK),
        (&[("host", "127.0.0.1")], StatusCode::OK),
        (&[("host", "[::1]:8080")], StatusCode::OK),
        (
            &[("host", "rebound.example:8080")],
            StatusCode::MISDIRECTED_REQUEST,
        ),
        (
            &[("host", "127.0.0.1.example")],
            StatusCode::MISDIRECTED_REQUEST,
        ),
        (
            &[("host", "localhost@evil.example")],
            StatusCode::MISDIRECTED_REQUEST,
        ),
        (
            &[("host", "localhost"), ("host", "localhost")],
            StatusCode::MISDIRECTED_REQUEST,
        ),
        (&[], StatusCode::BAD_REQUEST),
        (
            &[("host", "localhost"), ("origin", "https://evil.example")],
            StatusCode::FORBIDDEN,
        ),
        (
            &[("host", "localhost"), ("origin", "null")],
            StatusCode::FORBIDDEN,
        ),
        (
            &[("host", "localhost"), ("sec-fetch-site", "cross-site")],
            StatusCode::FORBIDDEN,
        ),
    ] {
        for path in ["/healthz", "/readyz", "/metrics"] {
            let answer = respond(&get(path, headers), &ops, Audience::ThisMachine);
            assert_eq!(answer.status(), expected, "{path} {headers:?}");
        }
    }
}

#[test]
fn only_get_and_head_without_a_body() {
    let ops = working();
    for (method, expected) in [
        (Method::GET, StatusCode::OK),
        (Method::HEAD, StatusCode::OK),
        (Method::POST, StatusCode::METHOD_NOT_ALLOWED),
        (Method::OPTIONS, StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let mut request = get("/healthz", &[("host", "localhost")]);
        *request.method_mut() = method;
        assert_eq!(
            respond(&request, &ops, Audience::ThisMachine).status(),
            expected
        );
    }
    let with_body =
        get("/healthz", &[("host", "localhost")]).map(|_| Full::new(Bytes::from_static(b"x")));
    assert_eq!(
        respond(&with_body, &ops, Audience::ThisMachine).status(),
        StatusCode::PAYLOAD_TOO_LARGE
    );
}

async fn asked(
    ops: &Arc<Ops>,
    method: Method,
    path: &str,
    body_text: &str,
) -> (StatusCode, String) {
    let request = Request::builder().method(method).uri(path);
    let request = request
        .body(Full::new(Bytes::from(body_text.to_owned())))
        .unwrap();
    let answer = operate(request, &desk(ops), OPERATOR).await;
    (answer.status(), body(answer).await)
}

#[tokio::test]
async fn the_operator_moves_the_gate_and_the_status_tells_it() {
    let ops = working();
    let long = format!(r#"{{"action":"drop","reason":"{}"}}"#, "x".repeat(501));
    for bad in [
        r#"{"action":"drop"}"#,
        r#"{"action":"drop","reason":" "}"#,
        r#"{"action":"open"}"#,
        "{}",
        "",
        r#"{"action":"raise","x":1}"#,
        &long,
    ] {
        assert_eq!(
            asked(&ops, Method::POST, "/gate", bad).await.0,
            StatusCode::BAD_REQUEST,
            "{bad}"
        );
    }
    assert_eq!(ops.gate.standing(), Standing::Raised);
    let (status, said) = asked(
        &ops,
        Method::POST,
        "/gate",
        r#"{"action":"drop","reason":"a drill"}"#,
    )
    .await;
    assert_eq!(
        (status, said.as_str()),
        (StatusCode::OK, "the gate is lowered")
    );
    let status: Value =
        serde_json::from_str(&asked(&ops, Method::GET, "/status", "").await.1).unwrap();
    assert_eq!(status["gate"]["standing"], "lowered");
    assert_eq!(status["gate"]["holds"][0]["reason"], "a drill");
    assert_eq!(status["gate"]["holds"][0]["by"]["uid"], 1000);
    assert_eq!(status["readiness"]["causes"][0]["code"], "gate_lowered");
    asked(&ops, Method::POST, "/gate", r#"{"action":"quiesce"}"#).await;
    assert_eq!(ops.gate.standing(), Standing::Quiesced);
    asked(&ops, Method::POST, "/gate", r#"{"action":"raise"}"#).await;
    assert!(ops.readiness().ready);
}

#[tokio::test]
async fn the_operators_listener_knows_its_paths_methods_and_sizes() {
    let ops = working();
    assert_eq!(
        asked(&ops, Method::PUT, "/log-level", r#"{"level":"debug"}"#)
            .await
            .0,
        StatusCode::OK
    );
    assert_eq!(
        asked(&ops, Method::PUT, "/log-level", r#"{"level":"trace"}"#)
            .await
            .0,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        asked(&ops, Method::GET, "/gate", "").await.0,
        StatusCode::METHOD_NOT_ALLOWED
    );
    assert_eq!(
        asked(&ops, Method::GET, "/metrics", "").await.0,
        StatusCode::NOT_FOUND
    );
    let large = "x".repeat(5000);
    assert_eq!(
        asked(&ops, Method::POST, "/gate", &large).await.0,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let mut page = get("/status", &[("origin", "http://localhost")]);
    *page.method_mut() = Method::GET;
    assert_eq!(
        operate(page, &desk(&ops), OPERATOR).await.status(),
        StatusCode::FORBIDDEN
    );
}

#[tokio::test(start_paused = true)]
async fn a_watcher_gets_a_line_at_once_at_each_change_and_every_5_s() {
    let ops = working();
    ops.look();
    let answer = operate(get("/status/watch", &[]), &desk(&ops), OPERATOR).await;
    let mut lines = answer.into_body();
    let mut next = async || {
        let frame = lines.frame().await.unwrap().unwrap().into_data().unwrap();
        serde_json::from_slice::<Value>(&frame).unwrap()["readiness"]["ready"].clone()
    };
    assert_eq!(next().await, true);
    let before = tokio::time::Instant::now();
    assert_eq!(next().await, true);
    assert_eq!(before.elapsed(), Duration::from_secs(5));
    ops.emit(Event::Agent(AgentEvent::AuditFailing { why: "no space" }));
    ops.look();
    let before = tokio::time::Instant::now();
    assert_eq!(next().await, false);
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[test]
fn only_root_and_our_own_user_operate() {
    assert!(may_operate(0, 1000) && may_operate(1000, 1000) && !may_operate(1001, 1000));
}

fn place(path: &Path) -> Place {
    Place::Unix {
        path: path.to_owned(),
        mode: 0o600,
    }
}

#[tokio::test]
async fn a_socket_file_is_replaced_only_if_nobody_answers_rz_016() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    fs::write(&path, "precious").unwrap();
    assert!(Bound::open(&place(&path)).await.is_err());
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    fs::remove_file(&path).unwrap();

    let bound = Bound::open(&place(&path)).await.unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let error = Bound::open(&place(&path)).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    drop(bound);
    assert!(!path.exists());

    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "a stale one");
    Bound::open(&place(&path)).await.unwrap();
}

#[tokio::test]
async fn a_listener_says_how_to_reach_it_rz_018() {
    for (address, host) in [
        ("127.0.0.1:0", "127.0.0.1"),
        ("0.0.0.0:0", "localhost"),
        ("[::1]:0", "[::1]"),
    ] {
        let Ok(bound) = Bound::open(&Place::Tcp(address.parse().unwrap())).await else {
            assert!(address.starts_with("[::1]"), "a machine without IPv6");
            continue;
        };
        let url = bound.url();
        let port: u16 = url
            .strip_prefix(&format!("http://{host}:"))
            .unwrap()
            .parse()
            .unwrap();
        assert!(port > 0);
    }
    let dir = tempfile::tempdir().unwrap();
    let bound = Bound::open(&place(&dir.path().join("s"))).await.unwrap();
    assert!(bound.url().starts_with("http+unix://") && !bound.url().contains('='));
}

#[test]
fn the_files_tell_and_go_away_e2_044_e2_054() {
    let dir = tempfile::tempdir().unwrap();
    let (url, pid) = (dir.path().join("new/url"), dir.path().join("pid"));
    let files = (
        UrlFile::write(url.clone(), "http://127.0.0.1:1").unwrap(),
        PidFile::take(pid.clone()).unwrap(),
    );
    assert_eq!(fs::read_to_string(&url).unwrap(), "http://127.0.0.1:1\n");
    assert_eq!(url.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(
        fs::read_to_string(&pid).unwrap(),
        format!("{}\n", std::process::id())
    );
    let error = PidFile::take(pid.clone()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    drop(files);
    assert!(!url.exists() && !pid.exists());
    fs::write(&pid, "99999999999\n").unwrap();
    let _stale = PidFile::take(pid.clone()).unwrap();
    assert_eq!(
        fs::read_to_string(&pid).unwrap(),
        format!("{}\n", std::process::id())
    );
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_hangs_is_not_live() {
    let ops = working();
    tokio::time::advance(Duration::from_secs(180)).await;
    assert_eq!(probe(&ops, "/healthz").await.0, StatusCode::OK);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(
        probe(&ops, "/healthz").await.0,
        StatusCode::SERVICE_UNAVAILABLE
    );
}

/// Whoever watches keeps a place; enough are left for whoever must lower the gate.
#[tokio::test]
async fn watchers_do_not_keep_the_gate_out_of_reach() {
    let ops = working();
    let desk = desk(&ops);
    let watch = async || operate(get("/status/watch", &[]), &desk, OPERATOR).await;
    let mut watching = Vec::new();
    let refused = loop {
        let answer = watch().await;
        if answer.status() != StatusCode::OK {
            break answer;
        }
        watching.push(answer);
    };
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(watching.len(), 8);
    let status = operate(get("/status", &[]), &desk, OPERATOR).await;
    assert_eq!(status.status(), StatusCode::OK);
    watching.pop();
    assert_eq!(watch().await.status(), StatusCode::OK, "a place came back");
}
