//! One answer of a Streamable HTTP server, message by message.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use hyper::{Response, StatusCode};
use portcullis_policy::document::AnswerBounds;
use portcullis_policy::headers::may_matter;
use portcullis_policy::{Failure, FailureKind, FailureSource};

use crate::edge::body::{BodyError, Pieces};
use crate::edge::fault::classify;
use crate::edge::net::Leased;
use crate::relay::port::Answer;
use crate::wire::sse::{Decoder, SseCaps, SseFault};

/// The most bytes of an error status's body: the reference client keeps as many (wire sheet 8.5).
const ERROR_BODY: usize = 100 * 1024;

/// The answer of one request.
pub struct HttpAnswer {
    status: StatusCode,
    generation: u64,
    headers: Vec<(String, String)>,
    pieces: Pieces,
    bounds: AnswerBounds,
    form: Form,
}

/// How the messages come.
enum Form {
    /// One JSON text.
    Json,
    /// The body of an error status, whatever it is.
    Error,
    /// An event stream, and what of it is not decoded yet.
    Events(Box<Decoder>, Bytes),
    /// Nothing MCP sends: another media type, an encoding, a redirect (D7, D14, D16).
    Foreign,
    /// Read.
    Done,
}

impl HttpAnswer {
    pub(super) fn new(
        response: Response<Leased>,
        generation: u64,
        idle: Duration,
        bounds: AnswerBounds,
    ) -> Self {
        let (head, body) = response.into_parts();
        let form = form_of(head.status, &head.headers, bounds);
        let headers = readable(&head.headers);
        Self {
            status: head.status,
            generation,
            headers,
            pieces: Pieces::new(body, idle),
            bounds,
            form,
        }
    }

    fn fault(&self, error: &BodyError) -> Failure {
        let error_status = self.status.is_client_error() || self.status.is_server_error();
        match error {
            BodyError::TooLarge if error_status => {
                Failure::status(self.status.as_u16(), FailureKind::ResponseBodyTooLarge)
            }
            BodyError::TooLarge => {
                Failure::new(FailureSource::Protocol, FailureKind::ResponseBodyTooLarge)
            }
            _ if error_status => {
                Failure::status(self.status.as_u16(), FailureKind::ResponseBodyUnreadable)
            }
            BodyError::Idle => Failure::new(FailureSource::Timeout, FailureKind::Timeout),
            BodyError::Broken(error) => classify(error),
        }
    }

    async fn whole(&mut self, cap: usize) -> Result<Option<Bytes>, Failure> {
        self.form = Form::Done;
        match self.pieces.whole(cap).await {
            Ok(body) if body.is_empty() => Ok(None),
            Ok(body) => Ok(Some(body)),
            Err(error) => Err(self.fault(&error)),
        }
    }

    async fn event(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let Form::Events(decoder, rest) = &mut self.form else {
                return Ok(None);
            };
            let mut unread: &[u8] = rest;
            let decoded = decoder.decode(&mut unread).map_err(stream_fault)?;
            let read = rest.len() - unread.len();
            let _ = rest.split_to(read);
            if let Some(event) = decoded {
                return Ok(Some(event.data));
            }
            match self.pieces.next().await {
                Ok(Some(piece)) => *rest = piece,
                Ok(None) => return Ok(None),
                Err(error) => return Err(self.fault(&error)),
            }
        }
    }
}

impl Answer for HttpAnswer {
    fn status(&self) -> u16 {
        self.status.as_u16()
    }

    fn generation(&self) -> u64 {
        self.generation
    }

    fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        match self.form {
            Form::Json => self.whole(self.bounds.message).await,
            Form::Error => self.whole(ERROR_BODY).await,
            Form::Events(..) => self.event().await,
            Form::Foreign => Err(Failure::status(
                self.status.as_u16(),
                FailureKind::NonProtocolResponse,
            )),
            Form::Done => Ok(None),
        }
    }
}

fn form_of(status: StatusCode, headers: &HeaderMap, bounds: AnswerBounds) -> Form {
    let encoded = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if encoded || status.is_redirection() || status.is_informational() {
        return Form::Foreign;
    }
    if !status.is_success() {
        return Form::Error;
    }
    match media_type(headers).as_deref() {
        Some("application/json") => Form::Json,
        Some("text/event-stream") => {
            let caps = SseCaps {
                line: bounds.message,
                event: bounds.message,
                total: bounds.stream,
            };
            Form::Events(Box::new(Decoder::new(caps)), Bytes::new())
        }
        Some(_) | None => Form::Foreign,
    }
}

/// The one media type, in lower case, without parameters (RFC 9110, section 8.3.1). Two of them are none.
fn media_type(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    let text = value.to_str().ok()?;
    Some(
        text.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase(),
    )
}

/// Headers as text; one that is not printable says nothing we forward.
fn readable(headers: &HeaderMap) -> Vec<(String, String)> {
    let kept = headers.iter().filter(|(name, _)| may_matter(name.as_str()));
    kept.filter_map(|(name, value)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    })
    .collect()
}

fn stream_fault(fault: SseFault) -> Failure {
    let kind = if fault.is_limit() {
        FailureKind::ResponseBodyTooLarge
    } else {
        FailureKind::InvalidProtocolResponse
    };
    Failure::new(FailureSource::Protocol, kind)
}
