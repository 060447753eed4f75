//! Trouble on demand.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use hyper::{
    Response, StatusCode,
    header::{HeaderName, HeaderValue, InvalidHeaderName, InvalidHeaderValue, RETRY_AFTER},
};

use crate::demo::net::{
    Body, Cut,
    body::{bytes, pieces},
};

/// How one request is spoiled.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Answered with this instead; nothing is delivered or accepted.
    Answer(Answer),
    /// The connection breaks before a header of the answer.
    CutBeforeHeaders,
    /// Done as asked, then the connection breaks before a header of the answer.
    DoneThenCut,
    /// Done as asked, then the connection breaks inside the body of the answer.
    CutInsideBody,
    /// Never answered, until [`super::ControlPlane::close_polls`]; then the connection breaks.
    Hold,
}

/// An answer outside the contract.
#[derive(Clone, Debug)]
pub struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl Fault {
    /// An answer with this status and an empty body.
    #[must_use]
    pub fn status(status: StatusCode) -> Self {
        Self::answer(status, Bytes::new())
    }

    /// An answer with this status that asks to wait.
    #[must_use]
    pub fn retry_after(status: StatusCode, seconds: u32) -> Self {
        Self::Answer(Answer {
            status,
            headers: vec![(RETRY_AFTER, HeaderValue::from(seconds))],
            body: Bytes::new(),
        })
    }

    /// An answer with this status and body.
    #[must_use]
    pub fn answer(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self::Answer(Answer {
            status,
            headers: Vec::new(),
            body: body.into(),
        })
    }
}

/// The header cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("this is no header")]
pub struct NoHeader;

impl From<InvalidHeaderName> for NoHeader {
    fn from(_: InvalidHeaderName) -> Self {
        Self
    }
}

impl From<InvalidHeaderValue> for NoHeader {
    fn from(_: InvalidHeaderValue) -> Self {
        Self
    }
}

impl Answer {
    /// An answer with this status, these headers and this body.
    ///
    /// # Errors
    /// A header that HTTP does not allow.
    pub fn new(
        status: StatusCode,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Self, NoHeader> {
        let headers = headers
            .iter()
            .map(|(name, value)| Ok((name.parse()?, value.parse()?)))
            .collect::<Result<_, NoHeader>>()?;
        Ok(Self {
            status,
            headers,
            body: body.into(),
        })
    }

    pub(super) fn response(self) -> Response<Body> {
        let mut response = bytes(self.status, self.body);
        response.headers_mut().extend(self.headers);
        response
    }
}

/// How long the first half of a torn body has to leave: what is cut at once may take its beginning along.
const LEAVES: Duration = Duration::from_millis(50);

/// The answer, broken off in the middle of its body.
pub(super) fn torn(status: StatusCode, body: &Bytes) -> Response<Body> {
    let half = body.slice(..body.len() / 2);
    let cut = stream::once(async {
        tokio::time::sleep(LEAVES).await;
        Err(Cut)
    });
    pieces(status, stream::iter([Ok(half)]).chain(cut))
}
