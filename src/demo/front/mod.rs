//! A loopback MCP endpoint whose requests travel through queue, poll, agent and back.
//!
//! Promises: it plays the service's part only. A message becomes a queued command byte for byte, its headers filtered as
//! the service filters them; what the agent posts comes back. Only programs on this machine get in: `Host` and `Origin`
//! must name the loopback, so that a page in a browser cannot reach it by a name of its own.
//!
//! Leaves to others: judging anything. That is the agent's part.

mod filter;
mod guard;
mod relay;

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use hyper::{
    HeaderMap, Method, Response, StatusCode,
    header::{ALLOW, HeaderValue},
};
use serde_json::{json, value::RawValue};

use super::{
    control_plane::{Command, ControlPlane},
    net::{Body, Cut, Door, Handler, Listener, Visit, body},
};

/// The one path.
const PATH: &str = "/mcp";
/// The largest message taken: more than any policy can allow.
const MAX_BODY: usize = 32 * 1024 * 1024;
/// How long a caller waits for each reply.
const REPLY_WITHIN: Duration = Duration::from_secs(120);

/// An open endpoint. Dropping it closes its port and its connections.
pub struct Front {
    listener: Listener,
}

struct Desk {
    control: Arc<ControlPlane>,
}

impl Front {
    /// Opens `port` on 127.0.0.1, or a free one for 0. Needs a Tokio runtime.
    ///
    /// # Errors
    /// The port is in use.
    pub async fn open(port: u16, control: Arc<ControlPlane>) -> io::Result<Self> {
        let listener = Listener::open(port, Door::plain(), Arc::new(Desk { control })).await?;
        Ok(Self { listener })
    }

    /// Where it is, path included.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{PATH}", self.listener.address())
    }
}

impl Handler for Desk {
    async fn handle(self: Arc<Self>, visit: Visit) -> Result<Response<Body>, Cut> {
        let (head, incoming) = visit.request.into_parts();
        if let Err(sentence) = guard::check(&head.headers) {
            return Ok(refuse(StatusCode::FORBIDDEN, -32600, sentence));
        }
        if head.uri.path() != PATH {
            return Ok(body::empty(StatusCode::NOT_FOUND));
        }
        let Ok(whole) = body::read(incoming, MAX_BODY).await else {
            return Ok(body::empty(StatusCode::PAYLOAD_TOO_LARGE));
        };
        Ok(match head.method {
            Method::POST => self.post(&head.headers, whole).await,
            Method::DELETE => self.delete(&head.headers).await,
            _ => not_allowed(),
        })
    }
}

impl Desk {
    /// One JSON object goes on as it is. Anything else would spoil the poll answer it travels in.
    async fn post(&self, headers: &HeaderMap, message: Bytes) -> Response<Body> {
        if !is_object(&message) {
            return refuse(
                StatusCode::BAD_REQUEST,
                -32700,
                "the body must be one JSON object",
            );
        }
        let command = with_headers(Command::jsonrpc(message), headers);
        relay::answer(self.control.enqueue(command), relay::takes_events(headers)).await
    }

    async fn delete(&self, headers: &HeaderMap) -> Response<Body> {
        let Some(session) = headers
            .get("mcp-session-id")
            .and_then(|value| value.to_str().ok())
        else {
            return refuse(
                StatusCode::BAD_REQUEST,
                -32600,
                "the header `Mcp-Session-Id` is missing",
            );
        };
        let mut rest = headers.clone();
        rest.remove("mcp-session-id");
        let command = with_headers(Command::session_termination(session), &rest);
        relay::answer(self.control.enqueue(command), false).await
    }
}

fn with_headers(command: Command, headers: &HeaderMap) -> Command {
    let forwarded = filter::forwarded(headers);
    forwarded
        .into_iter()
        .fold(command, |command, (name, value)| {
            command.header(name, value)
        })
}

fn is_object(message: &[u8]) -> bool {
    let whole = serde_json::from_slice::<&RawValue>(message);
    whole.is_ok_and(|value| value.get().starts_with('{'))
}

fn not_allowed() -> Response<Body> {
    let mut response = body::empty(StatusCode::METHOD_NOT_ALLOWED);
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("POST, DELETE"));
    response
}

fn refuse(status: StatusCode, code: i32, message: &str) -> Response<Body> {
    let error = json!({"jsonrpc": "2.0", "id": null, "error": {"code": code, "message": message}});
    body::json(status, &error)
}
