//! The listener for probes and scrapers: `/healthz`, `/readyz` and `/metrics`, under the paths and phrases of the reference client.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Body;
use hyper::header::ACCEPT;
use hyper::{Request, StatusCode};

use super::guard;
use super::http::{Answer, JSON, OPEN_METRICS, Places, TEXT, answer, text};
use super::listen::{Bound, Stream};
use crate::ops::Ops;
use crate::ops::state::Standstill;
use crate::ops::state::readiness::Readiness;
use crate::ops::status::ReadinessStatus;

/// Connections at once.
const PLACES: usize = 32;
/// How long one connection may take in all.
const WITHIN: Duration = Duration::from_secs(10);

/// What an answer may tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Who reaches loopback or a socket file: everything.
    ThisMachine,
    /// Who reaches a Unix socket: everything, and the host a request names says nothing.
    SocketFile,
    /// Anybody in the network: whether, not why.
    Network,
}

/// Serves until it is dropped.
pub async fn serve(bound: Bound, ops: Arc<Ops>) {
    let places = Places::new(PLACES);
    let audience = bound.audience();
    loop {
        let ops = Arc::clone(&ops);
        let handler = move |request| {
            let answered = respond(&request, &ops, audience);
            async move { answered }
        };
        match bound.accept().await {
            Stream::Tcp(stream) => places.serve(stream, handler, Some(WITHIN)).await,
            Stream::Unix(stream) => places.serve(stream, handler, Some(WITHIN)).await,
        }
    }
}

/// The answer to one request.
pub(super) fn respond<B: Body>(request: &Request<B>, ops: &Ops, audience: Audience) -> Answer {
    if let Err(refused) = guard::probe(request, audience == Audience::ThisMachine) {
        return *refused;
    }
    match request.uri().path() {
        "/healthz" => live(ops.standstill()),
        "/readyz" => ready(request, ops.readiness(), audience),
        "/metrics" => answer(StatusCode::OK, OPEN_METRICS, ops.render_metrics()),
        _ => text(
            StatusCode::NOT_FOUND,
            "there is `/healthz`, `/readyz` and `/metrics`",
        ),
    }
}

fn live(standstill: Option<Standstill>) -> Answer {
    match standstill {
        None => text(StatusCode::OK, "live"),
        Some(stuck) => text(StatusCode::SERVICE_UNAVAILABLE, stuck.what),
    }
}

fn ready<B>(request: &Request<B>, readiness: Readiness, audience: Audience) -> Answer {
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let shown = if audience == Audience::Network {
        without_reasons(&readiness)
    } else {
        readiness
    };
    if wants_json(request) {
        let json = serde_json::to_vec(&ReadinessStatus::from(shown));
        answer(status, JSON, json.unwrap_or_default())
    } else {
        answer(status, TEXT, shown.status)
    }
}

fn without_reasons(readiness: &Readiness) -> Readiness {
    let status = if readiness.ready {
        "ready"
    } else {
        "not ready"
    };
    Readiness {
        ready: readiness.ready,
        status: status.to_owned(),
        causes: Vec::new(),
    }
}

fn wants_json<B>(request: &Request<B>) -> bool {
    let mut query = request.uri().query().unwrap_or_default().split('&');
    let accept = request
        .headers()
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    query.any(|part| part == "format=json") || accept.is_some_and(|accept| accept.contains(JSON))
}
