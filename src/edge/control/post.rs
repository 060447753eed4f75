//! One reply, posted with retries.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Response};
use portcullis_policy::Released;
use portcullis_policy::permit::ReplyKind;

use super::headers::Standing;
use super::poll::retry_after_of;
use super::retry::{ATTEMPTS, Meaning, meaning};
use super::{ControlClient, code, request};
use crate::edge::fault;
use crate::edge::net::{Lease, Leased, SendError};
use crate::relay::port::{PostError, Posted};
use crate::runtime::backoff::Backoff;
use crate::runtime::deadline::Deadline;
use crate::wire::address::ReplyAddress;
use crate::wire::response::{self, Reply};

const LEAST_WAIT: Duration = Duration::from_millis(200);
const MOST_WAIT: Duration = Duration::from_secs(10);

/// What one attempt came to.
enum Attempt {
    Done(Posted),
    Again(PostError, Duration),
    Failed(PostError),
}

/// Posts within the deadline: method, address, headers and body are the same on each attempt.
pub(super) async fn post(
    client: &ControlClient,
    to: &ReplyAddress,
    reply: &Released,
    deadline: Deadline,
) -> Result<Posted, PostError> {
    let body = encode(to, reply)?;
    let headers = headers(to)?;
    let work = async {
        let mut backoff = Backoff::new(LEAST_WAIT, MOST_WAIT);
        let mut attempts = 1;
        loop {
            match attempt(client, reply.kind(), &headers, &body).await {
                Attempt::Done(posted) => return Ok(posted),
                Attempt::Failed(error) => return Err(error),
                Attempt::Again(error, _) if attempts == ATTEMPTS => return Err(error),
                Attempt::Again(_, wait) => {
                    tokio::time::sleep(wait.max(backoff.next_wait(&client.fresh))).await
                }
            }
            attempts += 1;
        }
    };
    deadline
        .bound(work)
        .await
        .unwrap_or(Err(PostError::Timeout))
}

async fn attempt(
    client: &ControlClient,
    kind: ReplyKind,
    headers: &HeaderMap,
    body: &Bytes,
) -> Attempt {
    let sending = send(client, headers, body);
    let (lease, response) = match Deadline::within(client.request_time()).bound(sending).await {
        Ok(Ok(sent)) => sent,
        Ok(Err(error)) if kind == ReplyKind::Notify && was_sent(&error) => {
            return Attempt::Failed(PostError::Transport(fault::send_label(&error)));
        }
        Ok(Err(error)) => {
            return Attempt::Again(
                PostError::Transport(fault::send_label(&error)),
                Duration::ZERO,
            );
        }
        // It may have been written, so a notification is not sent again (RT-010).
        Err(_) if kind == ReplyKind::Notify => return Attempt::Failed(PostError::Timeout),
        Err(_) => return Attempt::Again(PostError::Timeout, Duration::ZERO),
    };
    let status = response.status().as_u16();
    let meaning = meaning(kind, status);
    let wait = retry_after_of(response.headers()).unwrap_or_default();
    match meaning {
        Meaning::Accepted => Attempt::Done(Posted::Accepted),
        Meaning::Closed => Attempt::Done(Posted::Closed),
        Meaning::Again | Meaning::Refused => {
            let error = PostError::Status {
                status,
                detail: code(client, response, (lease.generation().carried(), headers)).await,
            };
            if meaning == Meaning::Again {
                Attempt::Again(error, wait)
            } else {
                Attempt::Failed(error)
            }
        }
    }
}

/// Each attempt is sent under the generation of its own moment.
async fn send(
    client: &ControlClient,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<(Lease<Standing>, Response<Leased>), SendError> {
    let lease = client.peer.lease()?;
    let (to, standing) = (client.endpoint.response(), lease.generation().carried());
    let request = request(standing, Method::POST, to, headers.clone(), body.clone());
    let response = lease.send(request).await?;
    Ok((lease, response))
}

/// Whether any of the request may have been written before the failure (RT-010, RT-012).
fn was_sent(error: &SendError) -> bool {
    match error {
        SendError::Identity(_) | SendError::Revoked => false,
        SendError::Http(error) => !error.is_connect(),
        SendError::Framing => true,
    }
}

fn encode(to: &ReplyAddress, reply: &Released) -> Result<Bytes, PostError> {
    let json = reply.json();
    let grammar = Reply {
        kind: reply.kind(),
        code: reply.code(),
        headers: reply.headers(),
        json: json.as_deref(),
    };
    response::encode(to, &grammar).map_err(|_| PostError::Transport("bad_reply"))
}

/// The headers that belong to one command (wire sheet 2.1). Both values were checked when the command was read.
fn headers(to: &ReplyAddress) -> Result<HeaderMap, PostError> {
    let value = |text: &str| {
        let mut value =
            HeaderValue::from_str(text).map_err(|_| PostError::Transport("bad_header"))?;
        value.set_sensitive(true);
        Ok(value)
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(
        HeaderName::from_static("x-tunnel-shard-token"),
        value(to.shard_token.expose())?,
    );
    if let Some(id) = &to.client_request_id {
        headers.insert(HeaderName::from_static("x-client-request-id"), value(id)?);
    }
    Ok(headers)
}
