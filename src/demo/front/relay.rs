//! From the replies to one command to the answer the caller gets.

use bytes::Bytes;
use futures_util::stream;
use hyper::{
    HeaderMap, Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue},
};
use tokio::time::timeout;

use super::{REPLY_WITHIN, refuse};
use crate::demo::{
    control_plane::{Pending, Reply},
    net::{Body, Cut, body},
};

const EVENT_STREAM: &str = "text/event-stream";

/// Whether the caller can read an event stream.
pub(super) fn takes_events(headers: &HeaderMap) -> bool {
    let mut accepted = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    accepted.any(|value| value.contains(EVENT_STREAM))
}

/// JSON, unless the caller takes events and there are some: notifications, or an answer that was an event itself.
pub(super) async fn answer(mut pending: Pending, takes_events: bool) -> Response<Body> {
    let Some(first) = next(&mut pending).await else {
        return no_reply();
    };
    if takes_events && is_streamed(&first) {
        return events(pending, first);
    }
    let last = if first.is_final() {
        Some(first)
    } else {
        last(&mut pending).await
    };
    last.map_or_else(no_reply, whole)
}

/// The next reply, if it comes in time.
async fn next(pending: &mut Pending) -> Option<Reply> {
    timeout(REPLY_WITHIN, pending.next()).await.ok()?
}

async fn last(pending: &mut Pending) -> Option<Reply> {
    loop {
        let reply = next(pending).await?;
        if reply.is_final() {
            return Some(reply);
        }
    }
}

fn is_streamed(reply: &Reply) -> bool {
    let declared = reply.header(CONTENT_TYPE.as_str());
    !reply.is_final()
        || declared.is_some_and(|value| value.starts_with(EVENT_STREAM)) && reply.json.is_some()
}

/// One answer with the status and the headers that the agent posted.
fn whole(reply: Reply) -> Response<Body> {
    let status = StatusCode::from_u16(reply.code).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = body::bytes(status, reply.json.clone().unwrap_or_default());
    give_headers(&mut response, &reply);
    if reply.json.is_some() {
        response = body::typed(response, "application/json");
    }
    response
}

/// An event for each reply, as they come; the stream ends with the final one.
fn events(pending: Pending, first: Reply) -> Response<Body> {
    let headers = first.clone();
    let replies = stream::unfold((pending, Some(first)), |(mut pending, at_hand)| async {
        let reply = match at_hand {
            Some(reply) => Some(reply),
            None => next(&mut pending).await,
        };
        let event = event(&reply?);
        Some((Ok::<_, Cut>(event), (pending, None)))
    });
    let mut response = body::pieces(StatusCode::OK, replies);
    give_headers(&mut response, &headers);
    body::typed(response, EVENT_STREAM)
}

/// Data of one line: JSON has no raw line breaks outside of what the agent may have left between tokens.
fn event(reply: &Reply) -> Bytes {
    let json = reply
        .json
        .as_deref()
        .unwrap_or_default()
        .replace(['\r', '\n'], " ");
    Bytes::from(format!("event: message\ndata: {json}\n\n"))
}

fn give_headers(response: &mut Response<Body>, reply: &Reply) {
    for (name, value) in &reply.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
}

fn no_reply() -> Response<Body> {
    refuse(
        StatusCode::GATEWAY_TIMEOUT,
        -32603,
        "the agent did not reply in time",
    )
}
