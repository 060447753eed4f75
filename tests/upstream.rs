#![cfg(feature = "demo")]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
//! The client of MCP servers against servers that misbehave on real sockets, through the real relay and the real policy. Proves: a server
//! gets the judged bytes and nothing else, and whatever it answers costs no more time or memory than its caps and ends in one reply.

mod support;

#[path = "upstream/answer.rs"]
mod answer;
#[path = "upstream/cancelled.rs"]
mod cancelled;
#[path = "upstream/failure.rs"]
mod failure;
#[path = "upstream/framing.rs"]
mod framing;
#[path = "upstream/request.rs"]
mod request;
#[path = "upstream/reverse.rs"]
mod reverse;
#[path = "upstream/size.rs"]
mod size;
#[path = "upstream/time.rs"]
mod time;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use hyper::{Uri, Version};
use portcullis::edge::net::Peer;
use portcullis::edge::upstream::{HttpServer, OperatorHeaders, ServerConfig, Servers, Timers};
use portcullis::wire::command::Polled;
use portcullis_certs::dev::Pki;
use portcullis_policy::Channel;
use portcullis_policy::permit::{Origin, ReplyKind};
use support::desk::{Desk, Post};
use support::https::{Https, Wire};
use support::raw::{Act, Raw, Seen, event, json, reply, stream, text};
use support::{CALL, LONG, call, element, one, plain_peer, termination, tls_peer};
use tokio::time::Instant;

const KIB: usize = 1024;
/// More than a kernel keeps of a connection nobody reads.
const KERNEL: usize = 24 * KIB * KIB;
const SHORT: Duration = Duration::from_millis(200);

/// How the agent is set: patient unless a test says otherwise.
#[derive(Clone, Copy)]
struct Setting {
    header: Duration,
    idle: Duration,
    total: Duration,
}

const PATIENT: Setting = Setting {
    header: LONG,
    idle: LONG,
    total: LONG,
};

fn server(peer: Arc<Peer<OperatorHeaders>>, url: Uri, setting: Setting) -> HttpServer {
    let timers = Timers {
        header: setting.header,
        idle: setting.idle,
    };
    let config = ServerConfig { url, timers };
    HttpServer::new(peer, config)
}

/// Takes one command to the server at `url` and back.
async fn through(
    peer: Arc<Peer<OperatorHeaders>>,
    url: Uri,
    setting: Setting,
    command: Polled,
) -> Desk {
    let desk = Desk::new();
    let servers = HashMap::from([(Channel::main(), server(peer, url, setting))]);
    let mut relay = support::relay(desk.clone(), Servers::new(servers));
    relay.longest = setting.total;
    support::handle(&relay, command, Instant::now()).await;
    desk
}

/// Takes [`CALL`] to a server that plays `script`.
async fn ask_with(
    setting: Setting,
    script: impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static,
) -> (Raw, Desk) {
    let raw = Raw::start(script).await;
    let desk = through(plain_peer(LONG), raw.url(), setting, call("r")).await;
    (raw, desk)
}

async fn ask(script: impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static) -> (Raw, Desk) {
    ask_with(PATIENT, script).await
}

/// How a call ends on a server that plays `script`.
async fn failure(script: impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static) -> String {
    let (_raw, desk) = ask(script).await;
    desk.reply("r").failure()
}

/// A judged answer under the caller's own id.
fn assert_answered(reply: &Post) {
    assert_eq!(
        (reply.origin, reply.code),
        (Origin::Judged, 200),
        "{reply:?}"
    );
    let expected = r#"{"jsonrpc":"2.0","id":"a-1","result":{"content":[]}}"#;
    assert_eq!(reply.json, expected);
}

fn answers(seen: &Seen) -> Vec<Act> {
    vec![json(&seen.answer_text())]
}

/// What a caller sends beside [`CALL`]: some of it may cross, some never does.
const SENT: [(&str, &str); 9] = [
    ("Authorization", "Bearer caller"),
    ("MCP-Protocol-Version", "2025-11-25"),
    ("Mcp-Session-Id", "s-1"),
    ("X-Request-Id", "caller-7"),
    ("Cookie", "a=b"),
    ("Host", "evil.example"),
    ("Accept-Encoding", "gzip"),
    ("X-Forwarded-For", "10.0.0.1"),
    ("X-Operator", "theirs"),
];

/// [`CALL`] with [`SENT`].
fn sent_call() -> Polled {
    let headers: Vec<String> = SENT
        .iter()
        .map(|(name, value)| format!(r#""{name}":["{value}"]"#))
        .collect();
    let members = format!(r#""headers":{{{}}},"#, headers.join(","));
    one(element("r", "main", &members, CALL))
}
