//! Bodies: whole, in pieces, or broken off on purpose.

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http_body_util::{
    BodyExt as _, Full, LengthLimitError, Limited, StreamBody, combinators::UnsyncBoxBody,
};
use hyper::{
    Response, StatusCode,
    body::{Frame, Incoming},
    header::{CONTENT_TYPE, HeaderValue},
};
use serde_json::Value;

/// The body of every answer.
pub type Body = UnsyncBoxBody<Bytes, Cut>;

/// The connection is to be broken here.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the connection is cut on purpose")]
pub struct Cut;

/// Why the body of a request was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is larger than the cap.
    #[error("the body is larger than the limit")]
    TooLarge,
    /// The peer stopped sending.
    #[error("the body did not arrive whole")]
    Broken,
}

/// An answer with these bytes and no header of its own.
pub fn bytes(status: StatusCode, bytes: impl Into<Bytes>) -> Response<Body> {
    let whole = Full::new(bytes.into()).map_err(|never| match never {});
    with_status(status, whole.boxed_unsync())
}

/// An answer without a body.
pub fn empty(status: StatusCode) -> Response<Body> {
    bytes(status, Bytes::new())
}

/// An answer in JSON.
pub fn json(status: StatusCode, value: &Value) -> Response<Body> {
    typed(bytes(status, value.to_string()), "application/json")
}

/// An answer whose pieces come one after the other.
pub fn pieces(
    status: StatusCode,
    pieces: impl Stream<Item = Result<Bytes, Cut>> + Send + 'static,
) -> Response<Body> {
    let frames = pieces.map(|piece| piece.map(Frame::data));
    with_status(status, StreamBody::new(frames).boxed_unsync())
}

/// The answer with a `Content-Type`.
pub fn typed(mut response: Response<Body>, content_type: &'static str) -> Response<Body> {
    let value = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, value);
    response
}

/// Reads a request's body of at most `cap` bytes.
///
/// # Errors
/// See [`ReadError`].
pub async fn read(body: Incoming, cap: usize) -> Result<Bytes, ReadError> {
    match Limited::new(body, cap).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ReadError::TooLarge),
        Err(_) => Err(ReadError::Broken),
    }
}

fn with_status(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}
