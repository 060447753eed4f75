//! One harmless request under a generation that is not in use yet.
//!
//! A handshake proves nothing: with TLS 1.3 the service judges our certificate after the handshake has ended for us. So a whole request is made, and
//! its answer read. It asks for the description of the tunnel and takes no command.

use std::time::Duration;

use bytes::Bytes;
use hyper::{HeaderMap, Method, StatusCode, Uri};
use portcullis_policy::FailureSource;

use super::headers::Standing;
use super::{ERROR_BODY, request};
use crate::edge::body::Pieces;
use crate::edge::fault;
use crate::edge::net::{Lease, SendError};
use crate::runtime::deadline::Deadline;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// The service answered.
    Answered,
    /// The service does not want this identity or key, or we do not believe the service. Stable word.
    Refused(&'static str),
    /// The service was not reached, or has trouble of its own. Stable word.
    Unreached(&'static str),
}

/// Asks within this time.
pub async fn tried(lease: &Lease<Standing>, tunnel: &Uri, within: Duration) -> Tried {
    let asked = Deadline::within(within).bound(ask(lease, tunnel, within));
    asked.await.unwrap_or(Tried::Unreached("timeout"))
}

async fn ask(lease: &Lease<Standing>, tunnel: &Uri, within: Duration) -> Tried {
    let standing = lease.generation().carried();
    let request = request(
        standing,
        Method::GET,
        tunnel,
        HeaderMap::new(),
        Bytes::new(),
    );
    let response = match lease.send(request).await {
        Ok(response) => response,
        Err(error) => return failed(lease, &error),
    };
    let status = response.status();
    let mut pieces = Pieces::new(response.into_body(), within);
    // A body that is too large for a description was still an answer to this identity.
    if let Err(crate::edge::body::BodyError::Broken(error)) = pieces.whole(ERROR_BODY).await {
        let source = fault::classify(&error).source();
        return refused_or_not(lease, source, fault::label(&error));
    }
    match status {
        StatusCode::UNAUTHORIZED => Tried::Refused("status_401"),
        StatusCode::FORBIDDEN => Tried::Refused("status_403"),
        status if status.is_server_error() => Tried::Unreached("status_5xx"),
        _ => Tried::Answered,
    }
}

fn failed(lease: &Lease<Standing>, error: &SendError) -> Tried {
    let source = fault::of_send(error).source();
    refused_or_not(lease, source, fault::send_label(error))
}

/// Nobody else uses this generation yet, so an alert on any of its connections is the answer to this request.
fn refused_or_not(lease: &Lease<Standing>, source: FailureSource, label: &'static str) -> Tried {
    match lease.generation().connections().alert() {
        Some(alert) => Tried::Refused(alert.label()),
        None if source == FailureSource::Tls => Tried::Refused(label),
        None => Tried::Unreached(label),
    }
}
