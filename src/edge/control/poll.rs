//! One long poll.

use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use hyper::header::{HeaderMap, RETRY_AFTER};
use hyper::{Method, Response, StatusCode};
use portcullis_policy::gate::Caps;
use tokio::time::Instant;

use super::headers::Standing;
use super::{ControlClient, detail, request};
use crate::edge::body::{BodyError, Pieces};
use crate::edge::fault;
use crate::edge::net::{Leased, SendError};
use crate::relay::port::{Batch, PollError};
use crate::runtime::deadline::Deadline;
use crate::wire::command::Polled;
use crate::wire::poll::FRAME_BYTES;
use crate::wire::{poll as body, retry_after};

/// How long a poll is held that is to find out whether the service answers at all: nothing is known before it does.
const FIRST_HOLD: Duration = Duration::from_secs(1);
/// What one poll's body may take of our memory: its limit is chosen to fit (design section 5).
const POLL_BUDGET: usize = 64 * 1024 * 1024;

/// Asks once. Until the service has answered, and after each failure, it is asked for a short hold, so that an idle tunnel is known to
/// work at once and not when the first long poll ends.
pub(super) async fn poll(
    client: &ControlClient,
    limit: usize,
    each: impl Fn() -> Caps + Send,
) -> Result<Batch, PollError> {
    let hold = if client.answers.load(Ordering::Relaxed) {
        client.times.poll_timeout
    } else {
        client.times.poll_timeout.min(FIRST_HOLD)
    };
    let polled = ask(client, (limit, each), hold).await;
    client.answers.store(polled.is_ok(), Ordering::Relaxed);
    polled
}

/// The deadline is the service's time and our guardrail (wire sheet 5.1).
async fn ask(
    client: &ControlClient,
    (limit, each): (usize, impl Fn() -> Caps + Send),
    hold: Duration,
) -> Result<Batch, PollError> {
    let timeout_ms = hold.as_millis().max(1);
    let asked = each();
    let limit = affordable(limit, &asked);
    let uri = client
        .endpoint
        .poll(limit, timeout_ms)
        .map_err(|_| PollError::Transport("bad_address"))?;
    let unsent = |error: SendError| PollError::Transport(fault::send_label(&error));
    let lease = client.peer.lease().map_err(unsent)?;
    let standing = lease.generation().carried();
    let request = request(standing, Method::GET, &uri, HeaderMap::new(), Bytes::new());
    let deadline = Deadline::within(client.request_time());
    let response = deadline
        .bound(lease.send(request))
        .await
        .map_err(|_| PollError::Timeout)?
        .map_err(unsent)?;
    let received = Instant::now();
    match response.status() {
        StatusCode::NO_CONTENT => Ok(Batch {
            received,
            commands: Vec::new(),
        }),
        StatusCode::OK => {
            let reading = read(client, response, limit * command_bytes(&asked), each);
            let commands = deadline
                .bound(reading)
                .await
                .unwrap_or(Err(PollError::Cut("timeout")))?;
            Ok(Batch { received, commands })
        }
        status => Err(refused(client, standing, status, response).await),
    }
}

/// The most bytes of one command.
fn command_bytes(each: &Caps) -> usize {
    each.bytes.saturating_add(FRAME_BYTES)
}

/// As many commands as wanted, or as our memory allows; always one.
fn affordable(wanted: usize, each: &Caps) -> usize {
    wanted.min(POLL_BUDGET / command_bytes(each).max(1)).max(1)
}

/// An answer that began is read whole or lost whole: the service has handed over what it carries.
async fn read(
    client: &ControlClient,
    response: Response<Leased>,
    room: usize,
    each: impl Fn() -> Caps + Send,
) -> Result<Vec<Polled>, PollError> {
    let each = each();
    let cap = room.max(command_bytes(&each));
    let mut pieces = Pieces::new(response.into_body(), client.request_time());
    let whole = pieces.whole(cap).await.map_err(|error| unread(&error))?;
    body::decode(&whole, &each).map_err(|error| PollError::Body(error.0.fault.label()))
}

async fn refused(
    client: &ControlClient,
    standing: &Standing,
    status: StatusCode,
    response: Response<Leased>,
) -> PollError {
    let retry_after = retry_after_of(response.headers());
    PollError::Status {
        status: status.as_u16(),
        detail: detail(client, standing, response).await,
        retry_after,
    }
}

/// How long an answer asks us to wait (wire sheet 5.3).
pub(super) fn retry_after_of(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    retry_after::parse(value, SystemTime::now())
}

fn unread(error: &BodyError) -> PollError {
    match error {
        BodyError::TooLarge => PollError::Body("too_large"),
        BodyError::Idle => PollError::Cut("timeout"),
        BodyError::Broken(error) => PollError::Cut(fault::label(error)),
    }
}
