//! The right to send one request under one generation, held to the last byte of its answer.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use hyper::{Request, Response};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::capture_connection;

use super::net::Generation;

/// The right to send under one generation.
pub struct Lease<S = ()>(pub(super) Arc<Generation<S>>);

/// Why a request got no response.
#[derive(Debug)]
pub enum SendError {
    /// Our certificate may not be used now (INVARIANT: 11).
    Identity(portcullis_certs::Fault),
    /// Our certificate was revoked.
    Revoked,
    /// The connection or the exchange failed.
    Http(legacy::Error),
    /// The answer states its length in two ways, so that two readers could see two answers (D5; RFC 9112, section 6.3).
    Framing,
}

impl<S> Lease<S> {
    /// The generation it is of.
    #[must_use]
    pub fn generation(&self) -> &Generation<S> {
        &self.0
    }
}

impl<S: Send + Sync + 'static> Lease<S> {
    /// Sends one request and waits for the head of the response, whose body keeps the generation.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Leased>, SendError> {
        self.0.connections().sends();
        let connection = capture_connection(&mut request);
        let sending = self.0.http().request(request);
        let response = sending.await.map_err(SendError::Http)?;
        if has_two_lengths(response.headers()) {
            // Where this answer ends is in doubt, so nothing else may be read from its connection (D6).
            if let Some(connected) = connection.connection_metadata().as_ref() {
                connected.poison();
            }
            return Err(SendError::Framing);
        }
        Ok(response.map(|body| Leased {
            body,
            _generation: Arc::<Generation<S>>::clone(&self.0),
        }))
    }
}

fn has_two_lengths(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH)
}

/// The body of an answer, and the generation it comes under.
pub struct Leased {
    body: Incoming,
    _generation: Arc<dyn Send + Sync>,
}

impl Body for Leased {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
