//! One request, one answer, and the connection is over.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;

/// How long the head of a request may take.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// The most bytes of a request's head.
const HEAD_CAP: usize = 16 * 1024;

pub(super) const TEXT: &str = "text/plain; charset=utf-8";
pub(super) const JSON: &str = "application/json";
pub(super) const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) type Body = UnsyncBoxBody<Bytes, Infallible>;
pub(super) type Answer = Response<Body>;

/// Places for connections: beyond them, newcomers wait in the backlog of the kernel.
#[derive(Clone, Debug)]
pub(super) struct Places(Arc<Semaphore>);

impl Places {
    pub(super) fn new(count: usize) -> Self {
        Self(Arc::new(Semaphore::new(count)))
    }

    /// Waits for a place and serves the connection on a task of its own, for at most `within` if that is given.
    pub(super) async fn serve<S, H, F>(&self, stream: S, handler: H, within: Option<Duration>)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
        H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        // The semaphore is never closed.
        let place = Arc::clone(&self.0).acquire_owned().await.ok();
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let answer = handler(request);
                async move { Ok::<_, Infallible>(answer.await) }
            });
            let mut builder = http1::Builder::new();
            builder
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_WITHIN);
            builder.max_buf_size(HEAD_CAP).keep_alive(false);
            let served = builder.serve_connection(TokioIo::new(stream), service);
            // How a connection ends is the visitor's business.
            match within {
                Some(within) => drop(tokio::time::timeout(within, served).await),
                None => drop(served.await),
            }
            drop(place);
        });
    }
}

/// An answer of a known type that no cache keeps.
pub(super) fn answer(status: StatusCode, kind: &'static str, text: impl Into<Bytes>) -> Answer {
    with_body(status, kind, Full::new(text.into()).boxed_unsync())
}

/// The same with a body that is still to come.
pub(super) fn with_body(status: StatusCode, kind: &'static str, body: Body) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// A short text.
pub(super) fn text(status: StatusCode, text: &str) -> Answer {
    answer(status, TEXT, text.to_owned())
}
