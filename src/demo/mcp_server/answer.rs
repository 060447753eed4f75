//! A scripted answer: any status, any headers, any bytes, as fast or slow as wanted.

use std::{future::pending, time::Duration};

use bytes::Bytes;
use futures_util::stream;
use hyper::{
    Response, StatusCode,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};

use super::heard::Heard;
use crate::demo::net::{Body, Cut, body};

/// One step of a body.
#[derive(Clone, Debug)]
pub enum Piece {
    /// Sends these bytes.
    Bytes(Bytes),
    /// Waits.
    Wait(Duration),
    /// Sends nothing more and does not end.
    Hang,
    /// Breaks the connection.
    Cut,
}

/// What to say to one request.
#[derive(Clone, Debug)]
pub struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    pieces: Vec<Piece>,
    before: Option<Piece>,
}

impl Answer {
    /// An answer without headers and body.
    #[must_use]
    pub fn status(status: StatusCode) -> Self {
        Self {
            status,
            headers: Vec::new(),
            pieces: Vec::new(),
            before: None,
        }
    }

    /// 200 with this body and `Content-Type: application/json`.
    #[must_use]
    pub fn json(body: impl Into<Bytes>) -> Self {
        Self::typed("application/json").then(Piece::Bytes(body.into()))
    }

    /// 200 and the start of an event stream.
    #[must_use]
    pub fn events() -> Self {
        Self::typed("text/event-stream")
    }

    /// The result of this request, under its id.
    #[must_use]
    pub fn result(heard: &Heard, result: &str) -> Self {
        Self::json(result_of(heard, result))
    }

    fn typed(content_type: &'static str) -> Self {
        let mut answer = Self::status(StatusCode::OK);
        answer
            .headers
            .push((CONTENT_TYPE, HeaderValue::from_static(content_type)));
        answer
    }

    /// With one more header. A text that HTTP does not allow is left out.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        if let (Ok(name), Ok(value)) = (name.parse(), HeaderValue::from_bytes(value.as_ref())) {
            self.headers.push((name, value));
        }
        self
    }

    /// With another status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Does this before the first header: waits, hangs or breaks the connection; bytes cannot go there.
    #[must_use]
    pub fn first(mut self, piece: Piece) -> Self {
        self.before = Some(piece);
        self
    }

    /// And then this.
    #[must_use]
    pub fn then(mut self, piece: Piece) -> Self {
        self.pieces.push(piece);
        self
    }

    /// And then one event of an event stream, in its plainest form.
    #[must_use]
    pub fn event(self, data: &str) -> Self {
        self.then(Piece::Bytes(event(data)))
    }

    /// And then the event with the result of this request.
    #[must_use]
    pub fn result_event(self, heard: &Heard, result: &str) -> Self {
        let data = result_of(heard, result);
        self.event(&data)
    }

    pub(super) async fn play(self) -> Result<Response<Body>, Cut> {
        match self.before {
            Some(Piece::Wait(time)) => tokio::time::sleep(time).await,
            Some(Piece::Hang) => pending().await,
            Some(Piece::Cut) => return Err(Cut),
            Some(Piece::Bytes(_)) | None => {}
        }
        let mut response = match only_bytes(&self.pieces) {
            Some(whole) => body::bytes(self.status, whole),
            None => body::pieces(self.status, stream::unfold(self.pieces.into_iter(), next)),
        };
        // As often as they are listed, which `extend` over owned names would not do.
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        Ok(response)
    }
}

/// One event of an event stream.
pub(super) fn event(data: &str) -> Bytes {
    Bytes::from(format!("event: message\ndata: {data}\n\n"))
}

fn result_of(heard: &Heard, result: &str) -> String {
    let id = heard.rpc_id().unwrap_or_else(|| "null".to_owned());
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#)
}

/// A body of at most one piece has a length; one of several is sent in chunks.
fn only_bytes(pieces: &[Piece]) -> Option<Bytes> {
    match pieces {
        [] => Some(Bytes::new()),
        [Piece::Bytes(bytes)] => Some(bytes.clone()),
        _ => None,
    }
}

type Left = std::vec::IntoIter<Piece>;

async fn next(mut left: Left) -> Option<(Result<Bytes, Cut>, Left)> {
    loop {
        match left.next()? {
            Piece::Bytes(bytes) => return Some((Ok(bytes), left)),
            Piece::Wait(time) => tokio::time::sleep(time).await,
            Piece::Hang => pending().await,
            Piece::Cut => return Some((Err(Cut), left)),
        }
    }
}
