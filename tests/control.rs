#![cfg(feature = "demo")]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
//! The client of the control plane against services that misbehave on real sockets. Proves: one poll and one post say exactly what the
//! contract asks, no answer costs more memory or time than its caps, retries follow the table, and no secret comes back in an error.

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use portcullis::edge::control::endpoint::Endpoint;
use portcullis::edge::control::headers::{CLIENT_VERSION, Identity, Standing};
use portcullis::edge::control::{ControlClient, ControlTimes};
use portcullis::edge::handshake::Witness;
use portcullis::edge::net::Peer;
use portcullis::relay::port::{Batch, ControlPlane as _, PollError, PostError, Posted};
use portcullis::runtime::deadline::Deadline;
use portcullis::runtime::fresh::Fresh;
use portcullis::wire::address::{ReplyAddress, RequestId, Token};
use portcullis::wire::command::Polled;
use portcullis_policy::gate::Caps;
use portcullis_policy::permit::ReplyKind;
use portcullis_policy::refusal::CorrelationId;
use portcullis_policy::{Channel, Exchange, Facts, Inbound, Released, Step};
use secrecy::SecretString;
use support::raw::{Act, Raw, Seen, json, reply, text};
use support::{CALL, LONG, POLICY, element, no_tls};

const TUNNEL: &str = "tunnel_0123456789abcdef0123456789abcdef";
const KEY: &str = "sk-canary-0123456789";
/// What each command may be.
const EACH: Caps = Caps {
    bytes: 4096,
    ..Caps::REQUEST
};
const SHARD: &str = "shard-canary-0123456789";

fn client_at(address: std::net::SocketAddr, poll_timeout: Duration) -> ControlClient {
    let base = format!("http://{address}").parse().unwrap();
    let identity = Identity {
        api_key: &SecretString::from(KEY),
        organization: None,
        server_info: r#"{"version":1,"channels":[{"name":"main"}]}"#,
        instance: 7,
        extra: &[],
    };
    let standing = Standing::new(&identity).unwrap();
    let peer = Peer::carrying(no_tls(), LONG, standing, Witness::default());
    ControlClient::new(
        Arc::new(peer),
        Endpoint::new(&base, "", TUNNEL, &[]).unwrap(),
        ControlTimes {
            poll_timeout,
            guardrail: Duration::from_millis(300),
        },
        Fresh::new().unwrap(),
    )
}

fn client(raw: &Raw) -> ControlClient {
    client_at(raw.address, LONG)
}

/// A service that gives every request the same answer.
async fn service(script: impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static) -> Raw {
    Raw::start(script).await
}

async fn poll_once(script: impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static) -> Polling {
    let raw = service(script).await;
    let result = client(&raw).poll(1, || EACH).await;
    Polling { raw, result }
}

struct Polling {
    raw: Raw,
    result: Result<Batch, PollError>,
}

impl Polling {
    fn error(self) -> PollError {
        match self.result {
            Ok(batch) => panic!("{:?}", batch.commands),
            Err(error) => error,
        }
    }
}

fn status_of(error: &PollError) -> u16 {
    match error {
        PollError::Status { status, .. } => *status,
        PollError::Transport(_) | PollError::Timeout | PollError::Cut(_) | PollError::Body(_) => 0,
    }
}

#[tokio::test]
async fn a_poll_says_who_and_what_and_nothing_else_cp_001_to_005_021() {
    let raw = service(|_| vec![reply("204 No Content", "", "")]).await;
    let batch = client_at(raw.address, Duration::from_nanos(1))
        .poll(5, || EACH)
        .await;
    assert!(batch.unwrap().commands.is_empty());
    let seen = &raw.seen()[0];
    let target = format!("GET /v1/tunnels/{TUNNEL}/poll?limit=5&timeout_ms=1 HTTP/1.1");
    assert_eq!(seen.line(), target);
    assert_eq!(seen.body, "");
    let mut expected = [
        ("authorization", format!("Bearer {KEY}")),
        ("accept", "application/json".to_owned()),
        ("accept-encoding", "identity".to_owned()),
        ("user-agent", format!("portcullis/{CLIENT_VERSION}")),
        ("x-tunnel-client-name", "portcullis".to_owned()),
        ("x-tunnel-client-version", CLIENT_VERSION.to_owned()),
        ("x-tunnel-client-instance-id", format!("{:032x}", 7)),
        (
            "x-tunnel-mcp-server-info",
            r#"{"version":1,"channels":[{"name":"main"}]}"#.to_owned(),
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let mut headers = seen.headers();
    headers.sort();
    expected.sort();
    assert_eq!(headers, expected);
}

#[tokio::test]
async fn a_poll_brings_what_the_service_has_cp_006_017() {
    let good = element("r1", "main", r#""meta":{"x":1},"#, CALL);
    let body = format!(r#"{{"commands":[{{}},{good}],"more":true}}"#);
    let polling = poll_once(move |_| vec![json(&body)]).await;
    let commands = polling.result.unwrap().commands;
    assert!(matches!(commands[0], Polled::Unusable(_)));
    let Polled::Command(command) = &commands[1] else {
        panic!("{commands:?}");
    };
    assert_eq!(command.address.request_id.as_str(), "r1");
    let polling = poll_once(|_| vec![json(r#"{"commands":[]}"#)]).await;
    assert!(polling.result.unwrap().commands.is_empty());
}

/// CP-022, CP-002: the error names the code, and nothing that names us.
#[tokio::test]
async fn a_refused_poll_surfaces_the_code_and_never_the_key_cp_022() {
    let polling = poll_once(|seen| {
        let key = seen.header("authorization").unwrap();
        let body =
            format!(r#"{{"error":{{"code":"certificate_required","message":"you sent {key}"}}}}"#);
        vec![reply("401 Unauthorized", "", &body)]
    })
    .await;
    let error = polling.error();
    assert_eq!(status_of(&error), 401);
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(text.contains("certificate_required: you sent"), "{text}");
        assert!(!text.contains("canary"), "{text}");
    }
}

#[tokio::test]
async fn the_wait_the_service_asks_for_is_read_from_any_status_rt_001_to_007() {
    let rows = [
        ("429 Too Many Requests", "5", Some(5)),
        ("503 Service Unavailable", "7", Some(7)),
        ("401 Unauthorized", "5", Some(5)),
        ("503 Service Unavailable", "86400", Some(60)),
        (
            "503 Service Unavailable",
            "Fri, 01 Jan 2100 00:00:00 GMT",
            Some(60),
        ),
        (
            "503 Service Unavailable",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            None,
        ),
        ("503 Service Unavailable", "-1", None),
        ("503 Service Unavailable", "soon", None),
    ];
    for (status, value, expected) in rows {
        let headers = format!("Retry-After: {value}\r\n");
        let polling = poll_once(move |_| vec![reply(status, &headers, "")]).await;
        let PollError::Status { retry_after, .. } = polling.error() else {
            panic!("{status}");
        };
        assert_eq!(retry_after, expected.map(Duration::from_secs), "{value}");
    }
}

/// Wire sheet 5.2: only 200 and 204 are answers; where a redirect points, nobody goes.
#[tokio::test]
async fn other_successes_and_redirects_are_errors_and_go_nowhere() {
    let elsewhere = service(|_| vec![json(r#"{"commands":[]}"#)]).await;
    for status in ["201", "202", "206", "301", "302", "303", "307", "308"] {
        let location = format!("Location: http://{}/poll\r\n", elsewhere.address);
        let answer = r#"{"commands":[]}"#;
        let script = move |_: &Seen| vec![reply(&format!("{status} Status"), &location, answer)];
        let raw = service(script).await;
        let client = client(&raw);
        let polled = client.poll(1, || EACH).await.map(|_| ()).unwrap_err();
        assert_eq!(status_of(&polled).to_string(), status);
        let posted = client.post(&address(), terminal(), deadline()).await;
        let Err(PostError::Status { status: code, .. }) = posted else {
            panic!("{posted:?}");
        };
        assert_eq!(code.to_string(), status);
        assert_eq!(raw.seen().len(), 2, "one attempt each");
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn a_body_that_breaks_off_or_is_no_poll_answer_is_an_error() {
    type Make = fn() -> Vec<Act>;
    let broken: [Make; 5] = [
        || {
            vec![
                text("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"commands\":[]}"),
                Act::Close,
            ]
        },
        || {
            vec![
                text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"com"),
                Act::Close,
            ]
        },
        || {
            vec![
                text("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
                Act::Reset,
            ]
        },
        || {
            vec![text(
                "HTTP/1.1 200 OK\r\nContent-Length: 15\r\nTransfer-Encoding: chunked\r\n\r\nf\r\n{\"commands\":[]}\r\n0\r\n\r\n",
            )]
        },
        || {
            vec![text(
                "HTTP/1.1 200 OK\r\nContent-Length: 15\r\nX: a\r\n b\r\n\r\n{\"commands\":[]}",
            )]
        },
    ];
    for (number, acts) in broken.into_iter().enumerate() {
        let error = poll_once(move |_| acts()).await.error();
        let expected = match number {
            0..=2 => matches!(error, PollError::Cut(_)),
            _ => matches!(error, PollError::Transport(_)),
        };
        assert!(expected, "{number}: {error:?}");
    }
    for body in [
        "",
        "[]",
        "{}{}",
        r#"{"commands":{}}"#,
        r#"{"commands":[],"commands":[]}"#,
    ] {
        let error = poll_once(move |_| vec![json(body)]).await.error();
        assert!(matches!(error, PollError::Body(_)), "{body}: {error:?}");
    }
}

/// INVARIANT 9: what is announced is refused unread, what is not announced is cut at the cap.
#[tokio::test]
async fn an_oversize_poll_body_is_refused() {
    let announced = "HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n{";
    let polling = poll_once(move |_| vec![text(announced), Act::Hang]).await;
    assert_eq!(polling.error(), PollError::Body("too_large"));
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x1_0000));
    let polling = poll_once(move |_| {
        vec![
            text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            Act::Endless(chunk.clone().into_bytes()),
        ]
    })
    .await;
    assert!(
        polling.raw.sent() < 32 * 1024 * 1024,
        "{}",
        polling.raw.sent()
    );
    assert_eq!(polling.error(), PollError::Body("too_large"));
}

#[tokio::test]
async fn a_poll_ends_at_its_deadline_whatever_is_slow_pl_010() {
    type Make = fn() -> Vec<Act>;
    let slow: [Make; 4] = [
        || vec![Act::Hang],
        || vec![Act::Drip(Duration::from_millis(20), b"H".to_vec())],
        || {
            vec![
                text("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"),
                Act::Drip(Duration::from_millis(20), b" ".to_vec()),
            ]
        },
        || {
            vec![
                text("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{"),
                Act::Hang,
            ]
        },
    ];
    for (number, acts) in slow.into_iter().enumerate() {
        let raw = service(move |_| acts()).await;
        let client = client_at(raw.address, Duration::from_millis(200));
        let error = client.poll(1, || EACH).await.map(|_| ()).unwrap_err();
        // A head that never ends may also be found to be no head.
        let expected = match number {
            0 => matches!(error, PollError::Timeout),
            1 => matches!(error, PollError::Timeout | PollError::Transport(_)),
            _ => error == PollError::Cut("timeout"),
        };
        assert!(expected, "{number}: {error:?}");
    }
}

/// The text of an error is bounded in bytes and in time, and the status is told all the same.
#[tokio::test]
async fn an_endless_error_text_costs_nothing() {
    for more in [Act::Endless as fn(Vec<u8>) -> Act, |_| Act::Hang] {
        let polling = poll_once(move |_| {
            vec![
                text("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\nno"),
                more(vec![b'x'; 65_536]),
            ]
        })
        .await;
        assert!(polling.raw.sent() < 32 * 1024 * 1024);
        assert_eq!(status_of(&polling.error()), 401);
    }
}

fn address() -> ReplyAddress {
    ReplyAddress {
        request_id: RequestId::parse("r1").unwrap(),
        shard_token: Token::parse(SHARD).unwrap(),
        channel: Channel::main(),
        client_request_id: Some("caller-7".to_owned()),
    }
}

fn deadline() -> Deadline {
    Deadline::within(LONG)
}

fn terminal() -> Released {
    Released::unusable_command(CorrelationId(1))
}

fn admitted(message: &'static str) -> Exchange {
    let inbound = Inbound {
        channel: &Channel::main(),
        headers: &[],
        body: Bytes::from_static(message.as_bytes()),
    };
    let facts = Facts {
        upstream_id: 5,
        correlation: CorrelationId(1),
        now: portcullis_policy::Moment::default(),
    };
    let admitted = support::policy(POLICY).admit(&inbound, facts, &Arc::default());
    admitted.map_err(|refused| refused.reason()).unwrap().1
}

/// One reply of each kind.
fn released(kind: ReplyKind) -> Released {
    match kind {
        ReplyKind::Response => terminal(),
        ReplyKind::Ack => {
            admitted(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).acknowledge()
        }
        ReplyKind::Notify => {
            let notice = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":5,"progress":1}}"#;
            match admitted(CALL).judge(
                Bytes::from_static(notice.as_bytes()),
                &support::policy(POLICY),
            ) {
                Step::Notify(notice) => notice,
                Step::Reply(_) | Step::Ignore(_) | Step::Final(..) => panic!("no notice"),
            }
        }
        ReplyKind::Termination => {
            let session = [("mcp-session-id".to_owned(), "s-1".to_owned())];
            let facts = Facts {
                upstream_id: 5,
                correlation: CorrelationId(1),
                now: portcullis_policy::Moment::default(),
            };
            let admitted =
                support::policy(POLICY).admit_termination(&Channel::main(), &session, facts);
            admitted
                .map_err(|refused| refused.reason())
                .unwrap()
                .1
                .acknowledge()
        }
    }
}

/// Posts one reply to a service that plays these in turn, the last one again and again; how it ended and what the service saw.
async fn post(
    kind: ReplyKind,
    script: impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static,
) -> (Result<Posted, PostError>, Vec<Seen>) {
    let raw = service(script).await;
    let posted = client(&raw)
        .post(&address(), released(kind), deadline())
        .await;
    (posted, raw.seen())
}

/// This status once, then 200.
fn first(status: u16) -> impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static {
    move |seen| match seen.index {
        0 => vec![reply(&format!("{status} Status"), "", "")],
        _ => vec![reply("200 OK", "", "")],
    }
}

#[tokio::test]
async fn a_post_says_what_the_contract_asks_cp_027_028_040_041() {
    let (posted, seen) = post(ReplyKind::Response, first(200)).await;
    assert_eq!(posted, Ok(Posted::Accepted));
    let seen = &seen[0];
    let target = format!("POST /v1/tunnels/{TUNNEL}/response HTTP/1.1");
    assert_eq!(seen.line(), target);
    for (name, value) in [
        ("authorization", format!("Bearer {KEY}").as_str()),
        ("content-type", "application/json"),
        ("x-tunnel-shard-token", SHARD),
        ("x-client-request-id", "caller-7"),
    ] {
        assert_eq!(seen.header(name).as_deref(), Some(value));
    }
    let body: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
    assert_eq!(body["request_id"], "r1");
    assert_eq!(body["channel"], "main");
    assert_eq!(body["resp_type"], "jsonrpc_response");
    assert_eq!(body["resp_code"], 400);
    assert!(!seen.body.contains(SHARD));
    let raw = service(first(200)).await;
    let nameless = ReplyAddress {
        client_request_id: None,
        ..address()
    };
    let posted = client(&raw).post(&nameless, terminal(), deadline()).await;
    assert_eq!(posted, Ok(Posted::Accepted));
    assert_eq!(raw.seen()[0].header("x-client-request-id"), None);
}

#[tokio::test]
async fn terminal_replies_are_repeated_where_that_may_help_rt_018_019_025() {
    for kind in [ReplyKind::Response, ReplyKind::Ack, ReplyKind::Termination] {
        for status in [408, 429, 502, 503, 504] {
            let (posted, seen) = post(kind, first(status)).await;
            assert_eq!(
                (posted, seen.len()),
                (Ok(Posted::Accepted), 2),
                "{kind:?} {status}"
            );
        }
        for status in [201, 204, 400, 401, 403, 409, 410, 413, 500] {
            let (posted, seen) = post(kind, first(status)).await;
            let refused = matches!(posted, Err(PostError::Status { status: s, .. }) if s == status);
            assert!(refused && seen.len() == 1, "{kind:?} {status}: {posted:?}");
        }
        let (posted, seen) = post(kind, first(404)).await;
        assert_eq!((posted, seen.len()), (Ok(Posted::Closed), 1), "{kind:?}");
    }
}

#[tokio::test]
async fn three_attempts_are_all() {
    let (posted, seen) = post(ReplyKind::Response, |_| vec![reply("503 Status", "", "")]).await;
    assert!(
        matches!(posted, Err(PostError::Status { status: 503, .. })),
        "{posted:?}"
    );
    assert_eq!(seen.len(), 3);
}

/// RT-008: the same bytes each time, on a broken connection as on a status.
#[tokio::test]
async fn each_attempt_sends_the_same_bytes_rt_008() {
    let script = |seen: &Seen| match seen.index {
        0 => vec![Act::Reset],
        1 => vec![reply("503 Status", "", "")],
        _ => vec![reply("200 OK", "", "")],
    };
    let (posted, seen) = post(ReplyKind::Response, script).await;
    assert_eq!((posted, seen.len()), (Ok(Posted::Accepted), 3));
    for again in &seen[1..] {
        assert_eq!((&again.head, &again.body), (&seen[0].head, &seen[0].body));
    }
}

/// Two of the same notice would be one too many: only what was certainly not taken is repeated.
#[tokio::test]
async fn a_notice_is_repeated_only_when_it_was_not_taken_rt_010_011_013() {
    let (posted, seen) = post(ReplyKind::Notify, first(429)).await;
    assert_eq!((posted, seen.len()), (Ok(Posted::Accepted), 2), "RT-013");
    for status in [408, 500, 502, 503, 504] {
        let (posted, seen) = post(ReplyKind::Notify, first(status)).await;
        assert!(posted.is_err() && seen.len() == 1, "RT-011 {status}");
    }
    let (posted, seen) = post(ReplyKind::Notify, |_| vec![Act::Reset]).await;
    assert!(matches!(posted, Err(PostError::Transport(_))), "{posted:?}");
    assert_eq!(seen.len(), 1, "RT-010");
    let raw = service(|_| vec![Act::Hang]).await;
    let client = client_at(raw.address, Duration::from_millis(200));
    let posted = client
        .post(&address(), released(ReplyKind::Notify), deadline())
        .await;
    assert_eq!(posted, Err(PostError::Timeout));
    assert_eq!(raw.seen().len(), 1, "it was written: RT-010");
}

/// RT-012: what never left may be sent again.
#[tokio::test]
async fn a_notice_that_never_left_is_repeated_rt_012() {
    let address_of = service(|_| vec![]).await.close().await;
    let client = client_at(address_of, LONG);
    let to = address();
    let posting = client.post(&to, released(ReplyKind::Notify), deadline());
    let opening = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Raw::start_at(address_of, |_| vec![reply("200 OK", "", "")]).await
    };
    let (posted, raw) = tokio::join!(posting, opening);
    assert_eq!(posted, Ok(Posted::Accepted));
    assert_eq!(raw.seen().len(), 1);
}

#[tokio::test]
async fn the_wait_asked_for_is_kept_and_the_deadline_cuts_it_rt_015_017() {
    let script = |seen: &Seen| match seen.index {
        0 => vec![reply("503 Status", "Retry-After: 1\r\n", "")],
        _ => vec![reply("200 OK", "", "")],
    };
    let start = Instant::now();
    let (posted, seen) = post(ReplyKind::Response, script).await;
    assert_eq!((posted, seen.len()), (Ok(Posted::Accepted), 2));
    assert!(start.elapsed() >= Duration::from_secs(1));

    let raw = service(|_| vec![reply("503 Status", "Retry-After: 60\r\n", "")]).await;
    let soon = Deadline::within(Duration::from_millis(500));
    let posted = client(&raw).post(&address(), terminal(), soon).await;
    assert_eq!(posted, Err(PostError::Timeout));
    assert_eq!(raw.seen().len(), 1);
}

/// A service that takes a reply and never says so does not hold us past the deadline.
#[tokio::test]
async fn a_post_ends_at_its_deadline() {
    let raw = service(|_| vec![Act::Hang]).await;
    let soon = Deadline::within(Duration::from_millis(300));
    let posted = client(&raw).post(&address(), terminal(), soon).await;
    assert_eq!(posted, Err(PostError::Timeout));
    let raw = service(|_| {
        vec![
            text("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nno"),
            Act::Drip(Duration::from_millis(20), b".".to_vec()),
        ]
    })
    .await;
    let posted = client(&raw).post(&address(), terminal(), deadline()).await;
    assert!(
        matches!(posted, Err(PostError::Status { status: 400, .. })),
        "{posted:?}"
    );
}

/// INVARIANT 6: neither the key nor the shard token comes back out of an error.
#[tokio::test]
async fn a_refused_post_never_repeats_a_secret() {
    let (posted, _) = post(ReplyKind::Response, |seen| {
        let said: Vec<String> = seen.headers().into_iter().map(|(_, value)| value).collect();
        let body = serde_json::json!({ "code": "bad_token", "message": format!("in {said:?}") });
        let body = body.to_string();
        vec![reply("403 Forbidden", "", &body)]
    })
    .await;
    let error = posted.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("(bad_token)"), "{text}");
    assert!(!text.contains("canary"), "{text}");
}

/// INVARIANT 6: what was posted is a caller's or a server's, so no text of the service comes back out of a refused post.
#[tokio::test]
async fn a_refused_post_never_repeats_what_was_posted() {
    for code in ["canary-answer", "canary answer", "Canary7"] {
        let (posted, _) = post(ReplyKind::Response, move |_| {
            let body = serde_json::json!({ "code": code, "message": code, "type": code });
            vec![reply("400 Bad Request", "", &body.to_string())]
        })
        .await;
        let text = format!("{:?}", posted.unwrap_err());
        assert!(!text.to_lowercase().contains("canary"), "{text}");
    }
}
