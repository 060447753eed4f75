//! Streamable HTTP to one private server.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Uri};
use portcullis_policy::permit::{Outgoing, Verb};
use portcullis_policy::{Failure, FailureKind, FailureSource, Permitted};

use tracing::debug;

use super::answer::HttpAnswer;
use crate::edge::fault;
use crate::edge::net::{Peer, SendError};
use crate::runtime::deadline::Deadline;

/// How long a server may take (W-04). The connection has its own timer, the whole call has the command's deadline.
#[derive(Clone, Copy, Debug)]
pub struct Timers {
    /// From the request to the head of the answer.
    pub header: Duration,
    /// From one piece of the body to the next.
    pub idle: Duration,
}

/// What binds the agent to one server.
pub struct ServerConfig {
    /// The endpoint: every request goes there and nowhere else.
    pub url: Uri,
    /// Time.
    pub timers: Timers,
}

/// The operator's headers. They win over the caller's (W-08).
pub type OperatorHeaders = Vec<(HeaderName, HeaderValue)>;

/// One private server behind Streamable HTTP.
pub struct HttpServer {
    peer: Arc<Peer<OperatorHeaders>>,
    config: ServerConfig,
}

impl HttpServer {
    /// A server reached through its own client: its identity and its roots are its own.
    #[must_use]
    pub fn new(peer: Arc<Peer<OperatorHeaders>>, config: ServerConfig) -> Self {
        Self { peer, config }
    }

    /// Sends one permitted message. A redirect is an answer like any other and never followed (W-23, D16).
    ///
    /// # Errors
    /// [`Failure`] from typed errors.
    pub async fn call(
        &self,
        permitted: Permitted,
        deadline: Deadline,
    ) -> Result<HttpAnswer, Failure> {
        let lease = self.peer.lease().map_err(|error| self.failed(&error))?;
        let headers = lease.generation().carried();
        let outgoing = permitted.into_outgoing();
        let bounds = outgoing.bounds;
        let request = self.request(outgoing, headers)?;
        let sending = lease.send(request);
        match deadline
            .capped(self.config.timers.header)
            .bound(sending)
            .await
        {
            Ok(Ok(response)) => Ok(HttpAnswer::new(
                response,
                lease.generation().number(),
                self.config.timers.idle,
                bounds,
            )),
            Ok(Err(error)) => Err(self.failed(&error)),
            Err(_) => Err(Failure::new(FailureSource::Timeout, FailureKind::Timeout)),
        }
    }

    /// The caller gets the words of the tunnel; the log the finest word there is.
    fn failed(&self, error: &SendError) -> Failure {
        debug!(
            reason = fault::send_label(error),
            "the MCP server gave no answer"
        );
        fault::of_send(error)
    }

    fn request(
        &self,
        outgoing: Outgoing,
        operator: &OperatorHeaders,
    ) -> Result<Request<Full<Bytes>>, Failure> {
        let mut request = Request::new(Full::new(outgoing.body));
        *request.method_mut() = match outgoing.verb {
            Verb::Deliver => Method::POST,
            Verb::Terminate => Method::DELETE,
        };
        *request.uri_mut() = self.config.url.clone();
        let headers = request.headers_mut();
        for header in outgoing.headers.iter() {
            append(headers, &header.name, &header.value)?;
        }
        for (name, value) in operator {
            headers.insert(name, value.clone());
        }
        Ok(request)
    }
}

/// The policy only lets tokens and printable values through, so this fails for none of them; doubt still refuses.
fn append(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Failure> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Failure::internal())?;
    let mut value = HeaderValue::from_str(value).map_err(|_| Failure::internal())?;
    value.set_sensitive(true);
    headers.append(name, value);
    Ok(())
}
