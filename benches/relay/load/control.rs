//! The control plane: hands out as many calls as were added, at most so many at once, and counts the replies.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::ensure;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::tls::Answer;
use crate::IN_FLIGHT;

/// Bytes of one call, of which the argument is most.
const CALL_BYTES: usize = 1024;

/// Calls to hand out, and what became of them.
#[derive(Default)]
pub(super) struct Queue {
    counts: Mutex<Counts>,
    changed: Notify,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    polls: u64,
    waiting: u64,
    drawn: u64,
    answered: u64,
    wrong: u64,
}

impl Queue {
    pub(super) fn add(&self, calls: u64) {
        self.counts().waiting += calls;
        self.changed.notify_waiters();
    }

    pub(super) fn polls(&self) -> u64 {
        self.counts().polls
    }

    pub(super) fn is_done(&self) -> bool {
        let counts = *self.counts();
        counts.waiting == 0 && counts.drawn == counts.answered
    }

    /// Every reply so far must have been an answer.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let wrong = self.counts().wrong;
        ensure!(wrong == 0, "{wrong} replies were no answers");
        Ok(())
    }

    /// As many calls as are asked for, are waiting, and may be in flight; the number of the first and how many.
    fn draw(&self, limit: u64) -> (u64, u64) {
        let mut counts = self.counts();
        let in_flight = counts.drawn - counts.answered;
        let count = limit
            .min(counts.waiting)
            .min((IN_FLIGHT as u64).saturating_sub(in_flight));
        let first = counts.drawn;
        counts.waiting -= count;
        counts.drawn += count;
        (first, count)
    }

    fn take(&self, is_answer: bool) {
        let mut counts = self.counts();
        counts.answered += 1;
        counts.wrong += u64::from(!is_answer);
        drop(counts);
        self.changed.notify_waiters();
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) async fn answer(queue: Arc<Queue>, request: Request<Incoming>) -> Answer {
    if request.method() == Method::GET {
        return poll(&queue, request.uri().query().unwrap_or_default()).await;
    }
    let has_token = request.headers().contains_key("x-tunnel-shard-token");
    let body = request.into_body().collect().await?.to_bytes();
    let text = std::str::from_utf8(&body)?;
    let is_answer =
        text.contains(r#""resp_type":"jsonrpc_response""#) && text.contains(r#""result""#);
    queue.take(is_answer && has_token);
    Ok(Response::new(Full::default()))
}

/// Holds the poll until there is work, as long as the client asks.
async fn poll(queue: &Queue, query: &str) -> Answer {
    queue.counts().polls += 1;
    let [limit, wait] = ["limit", "timeout_ms"].map(|name| parameter(query, name));
    let drawing = async {
        loop {
            // Listening comes before looking, so that what changes in between is not missed.
            let mut changed = std::pin::pin!(queue.changed.notified());
            changed.as_mut().enable();
            match queue.draw(limit) {
                (_, 0) => changed.await,
                drawn => return drawn,
            }
        }
    };
    match timeout(Duration::from_millis(wait), drawing).await {
        Ok((first, count)) => Ok(Response::new(Full::new(batch(first, count)))),
        Err(_) => Ok(Response::builder()
            .status(StatusCode::NO_CONTENT)
            .body(Full::default())?),
    }
}

fn parameter(query: &str, name: &str) -> u64 {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.parse());
    value.and_then(Result::ok).unwrap_or_default()
}

fn batch(first: u64, count: u64) -> Bytes {
    let calls: Vec<String> = (first..first + count).map(element).collect();
    format!(r#"{{"commands":[{}]}}"#, calls.join(",")).into()
}

fn element(number: u64) -> String {
    let head = format!(
        r#"{{"jsonrpc":"2.0","id":{number},"method":"tools/call","params":{{"name":"echo","arguments":{{"text":""#
    );
    let tail = r#""}}}"#;
    let text = "x".repeat(CALL_BYTES - head.len() - tail.len());
    format!(
        r#"{{"request_id":"req_{number:016}","shard_token":"shard_{number:032}","command_type":"jsonrpc","channel":"main","created_at":"2026-01-01T00:00:00Z","response_timeout":"60s","headers":{{"Content-Type":["application/json"],"Accept":["application/json, text/event-stream"],"Mcp-Protocol-Version":["2025-11-25"]}},"jsonrpc":{head}{text}{tail}}}"#
    )
}
