//! The operator's listener: a Unix socket that only root and the agent's own user may use. HTTP with JSON.
//!
//! `GET /status`, `GET /status/watch`, `POST /gate`, `POST /reload`, `PUT /log-level`, `POST` and `DELETE /policy/trial`.

mod change;
mod stream;
mod trial;

use std::os::unix::fs::MetadataExt as _;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body, Bytes};
use hyper::{Method, Request, StatusCode};
use tokio::net::UnixStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::warn;

use super::guard;
use super::http::{Answer, JSON, Places, answer, text, with_body};
use super::listen::{Bound, Stream};
use crate::ops::Ops;
use crate::ops::gate::Actor;

/// Connections at once; a watcher keeps one, and watchers may not keep them all: the gate must always be in reach.
const PLACES: usize = 16;
const WATCHERS: usize = 8;
/// How long the body of a request may take.
const BODY_WITHIN: Duration = Duration::from_secs(5);
/// The most bytes of a request's body, and of one with a policy, which has 1 MiB at most and is written as a JSON string.
const BODY_CAP: usize = 4096;
const POLICY_CAP: usize = 4 * 1024 * 1024;
const ROOT: u32 = 0;
const PATHS: [&str; 6] = [
    "/status",
    "/status/watch",
    "/gate",
    "/reload",
    "/log-level",
    "/policy/trial",
];

/// Where operators are answered.
#[derive(Clone)]
pub(super) struct Desk {
    ops: Arc<Ops>,
    watchers: Arc<Semaphore>,
}

impl Desk {
    pub(super) fn new(ops: Arc<Ops>) -> Self {
        Self {
            ops,
            watchers: Arc::new(Semaphore::new(WATCHERS)),
        }
    }
}

/// Serves until it is dropped. The visitors' user must be `own` or root.
pub async fn serve(bound: Bound, own: u32, ops: Arc<Ops>) {
    let (places, desk) = (Places::new(PLACES), Desk::new(ops));
    loop {
        let Stream::Unix(stream) = bound.accept().await else {
            // Whoever comes over a network is no operator of this machine.
            continue;
        };
        let Some(actor) = operator(&stream, own) else {
            continue;
        };
        let desk = desk.clone();
        let handler = move |request| {
            let desk = desk.clone();
            async move { respond(request, &desk, actor).await }
        };
        places.serve(stream, handler, None).await;
    }
}

/// The user that owns a file: for one we just made, our own.
///
/// # Errors
/// The system's own.
pub fn owner(path: &std::path::Path) -> std::io::Result<u32> {
    Ok(path.symlink_metadata()?.uid())
}

/// Who is at the other end, as the kernel says, if they may be.
fn operator(stream: &UnixStream, own: u32) -> Option<Actor> {
    let peer = stream.peer_cred().ok()?;
    let uid = peer.uid();
    if !may_operate(uid, own) {
        warn!(uid, "refused a visitor of the operator's socket");
        return None;
    }
    Some(Actor {
        uid,
        pid: peer.pid(),
    })
}

pub(super) const fn may_operate(uid: u32, own: u32) -> bool {
    uid == ROOT || uid == own
}

/// The answer to one request.
pub(super) async fn respond<B>(request: Request<B>, desk: &Desk, actor: Actor) -> Answer
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if let Err(refused) = guard::from_no_page(request.headers()) {
        return *refused;
    }
    let ops = &desk.ops;
    let (head, body) = request.into_parts();
    match (head.uri.path(), &head.method) {
        ("/status", &Method::GET) => status(ops),
        ("/status/watch", &Method::GET) => watch(desk),
        ("/gate", &Method::POST) => match whole(body, BODY_CAP).await {
            Ok(body) => told(change::gate(ops, actor, &body)),
            Err(refused) => *refused,
        },
        ("/reload", &Method::POST) => match whole(body, BODY_CAP).await {
            Ok(body) => told(change::reload(ops, actor, &body).await),
            Err(refused) => *refused,
        },
        ("/log-level", &Method::PUT) => match whole(body, BODY_CAP).await {
            Ok(body) => told(change::log_level(ops, actor, &body)),
            Err(refused) => *refused,
        },
        ("/policy/trial", &Method::POST) => match whole(body, POLICY_CAP).await {
            Ok(body) => told(trial::begin(ops, actor, &body).await),
            Err(refused) => *refused,
        },
        ("/policy/trial", &Method::DELETE) => told(trial::end(ops, actor).await),
        (path, _) if PATHS.contains(&path) => text(
            StatusCode::METHOD_NOT_ALLOWED,
            "another method is needed here",
        ),
        _ => text(StatusCode::NOT_FOUND, "there is nothing here"),
    }
}

fn status(ops: &Ops) -> Answer {
    let json = serde_json::to_vec(&ops.status());
    answer(StatusCode::OK, JSON, json.unwrap_or_default())
}

fn watch(desk: &Desk) -> Answer {
    match Arc::clone(&desk.watchers).try_acquire_owned() {
        Ok(place) => with_body(
            StatusCode::OK,
            JSON,
            stream::of(Arc::clone(&desk.ops), place),
        ),
        Err(_) => text(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many watch the status already",
        ),
    }
}

async fn whole<B>(body: B, cap: usize) -> Result<Bytes, Box<Answer>>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match timeout(BODY_WITHIN, Limited::new(body, cap).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(_)) | Err(_) => Err(Box::new(text(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is too large, too slow or broken",
        ))),
    }
}

fn told(change: Result<String, change::Refusal>) -> Answer {
    match change {
        Ok(done) => text(StatusCode::OK, &done),
        Err(refusal) => text(refusal.status, &refusal.why),
    }
}
