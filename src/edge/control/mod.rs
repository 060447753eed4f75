//! The control plane: one client for the service that queues commands and takes replies.
//!
//! Where it goes and what it says of itself is [`endpoint`] and [`headers`]; `poll` and `post` are the two requests; `retry` is the
//! table of statuses; [`trial`] tries out what is to be used next. Redirects are never followed, so the API key goes to one host only.

pub mod endpoint;
pub mod headers;
mod poll;
mod post;
mod retry;
mod told;
pub mod trial;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{HeaderMap, Method, Request, Response, Uri};
use portcullis_policy::Released;
use portcullis_policy::gate::Caps;

use self::endpoint::Endpoint;
use self::headers::Standing;
use crate::edge::body::Pieces;
use crate::edge::net::{Leased, Peer};
use crate::relay::port::{Batch, ControlPlane, PollError, PostError, Posted};
use crate::runtime::deadline::Deadline;
use crate::runtime::fresh::Fresh;
use crate::wire::address::ReplyAddress;
use crate::wire::api_error::{self, ApiError};

/// The most bytes kept of an error answer (wire sheet 3).
const ERROR_BODY: usize = 64 * 1024;

/// The time of the two requests.
#[derive(Clone, Copy, Debug)]
pub struct ControlTimes {
    /// How long the service may hold a poll open.
    pub poll_timeout: Duration,
    /// How much longer we wait for it; the sum also bounds each attempt of a post.
    pub guardrail: Duration,
}

/// The service, over HTTPS.
pub struct ControlClient {
    peer: Arc<Peer<Standing>>,
    endpoint: Endpoint,
    times: ControlTimes,
    fresh: Fresh,
    /// Whether the last poll was answered.
    answers: AtomicBool,
}

impl ControlClient {
    /// A client of one tunnel. `fresh` spreads the retries.
    #[must_use]
    pub fn new(
        peer: Arc<Peer<Standing>>,
        endpoint: Endpoint,
        times: ControlTimes,
        fresh: Fresh,
    ) -> Self {
        Self {
            peer,
            endpoint,
            times,
            fresh,
            answers: AtomicBool::new(false),
        }
    }

    /// How long one request may take in all.
    fn request_time(&self) -> Duration {
        self.times.poll_timeout + self.times.guardrail
    }
}

fn request(
    standing: &Standing,
    method: Method,
    uri: &Uri,
    extra: HeaderMap,
    body: Bytes,
) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = uri.clone();
    *request.headers_mut() = standing.with(extra);
    request
}

impl ControlPlane for ControlClient {
    async fn poll(&self, limit: usize, each: impl Fn() -> Caps + Send) -> Result<Batch, PollError> {
        poll::poll(self, limit, each).await
    }

    async fn post(
        &self,
        to: &ReplyAddress,
        reply: Released,
        deadline: Deadline,
    ) -> Result<Posted, PostError> {
        post::post(self, to, &reply, deadline).await
    }
}

/// What an error answer says, for the log: empty, or starting with a space.
async fn detail(client: &ControlClient, standing: &Standing, response: Response<Leased>) -> String {
    let secrets = standing.secrets(&HeaderMap::new());
    let said = said(client, response).await;
    said.map_or_else(String::new, |said| format!(" ({})", secrets.plain(&said)))
}

/// The same for a post, whose body is another's text that may be repeated anywhere: only a code that cannot be such a text. `sent` are the
/// headers of that request alone.
async fn code(
    client: &ControlClient,
    response: Response<Leased>,
    (standing, sent): (&Standing, &HeaderMap),
) -> String {
    let secrets = standing.secrets(sent);
    let said = said(client, response).await;
    let code = said.as_ref().and_then(|said| secrets.code(said));
    code.map_or_else(String::new, |code| format!(" ({code})"))
}

/// Reads an error answer, bounded in bytes and in time. It is not for the log as it is.
async fn said(client: &ControlClient, response: Response<Leased>) -> Option<ApiError> {
    let within = client.times.guardrail;
    let mut pieces = Pieces::new(response.into_body(), within);
    let body = Deadline::within(within)
        .bound(pieces.whole(ERROR_BODY))
        .await;
    Some(api_error::parse(&body.ok()?.ok()?))
}
