//! What may go back to the control plane.

use bytes::Bytes;

use super::admit::salvage_id;
use crate::channel::Channel;
use crate::edit::Edited;
use crate::failure::Failure;
use crate::refusal::{CorrelationId, Reason, Wire, unsupported_channel};

/// Which kind of reply the tunnel is told (wire sheet 12.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyKind {
    /// `jsonrpc_response`: the answer to a call. Always has a body.
    Response,
    /// `jsonrpc_notify`: a notification before the answer. Always has a body.
    Notify,
    /// `notify_ack`: a notification was taken. Never has a body.
    Ack,
    /// `session_termination_response`. Never has a body.
    Termination,
}

/// Where a reply comes from. There are these four and no more (INVARIANT 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An answer or event of the server, judged.
    Judged,
    /// A status and allowed headers.
    Acknowledgement,
    /// The policy's no.
    Denial,
    /// Something failed before there was an answer.
    LocalFailure,
}

/// A reply that may leave for the control plane. Only the policy makes one; anyone may read it:
///
/// ```
/// use portcullis_policy::Released;
///
/// fn code(released: Released) -> u16 {
///     released.code()
/// }
/// ```
///
/// and nobody can change what it says:
///
/// ```compile_fail,E0451
/// use portcullis_policy::Released;
///
/// fn forge(released: Released) -> Released {
///     Released { code: 200, ..released }
/// }
/// ```
pub struct Released {
    kind: ReplyKind,
    origin: Origin,
    code: u16,
    headers: Vec<(&'static str, String)>,
    json: Option<Edited>,
}

const CONTENT_TYPE: &str = "Content-Type";
const JSON: &str = "application/json";

impl Released {
    /// Which kind of reply.
    #[must_use]
    pub fn kind(&self) -> ReplyKind {
        self.kind
    }

    /// Which of the four origins.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// The `resp_code`.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The `resp_headers`: allowed names in the tunnel's spelling.
    #[must_use]
    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    /// The body in pieces, if there is one: judged bytes with the closed list of edits made.
    #[must_use]
    pub fn json(&self) -> Option<Vec<&[u8]>> {
        self.json.as_ref().map(Edited::pieces)
    }

    /// The refusal of a polled element that is no usable command: its kind and its id are unknown (W-51).
    #[must_use]
    pub fn unusable_command(correlation: CorrelationId) -> Self {
        Self::denial(Asked::Call(None), Reason::UnusableCommand, correlation)
    }

    /// The refusal after a panic: whatever was asked, the answer is no (threat F1).
    ///
    /// `body` is the message, or `None` for the end of a session.
    #[must_use]
    pub fn decision_failed(body: Option<&Bytes>, correlation: CorrelationId) -> Self {
        let asked = body.map_or(Asked::Termination, |body| Asked::Call(salvage_id(body)));
        Self::denial(asked, Reason::DecisionFailed, correlation)
    }

    pub(super) fn answer(code: u16, headers: Vec<(&'static str, String)>, json: Edited) -> Self {
        Self {
            kind: ReplyKind::Response,
            origin: Origin::Judged,
            code,
            headers: as_answer(headers),
            json: Some(json),
        }
    }

    pub(super) fn notify(
        code: u16,
        mut headers: Vec<(&'static str, String)>,
        json: Edited,
    ) -> Self {
        if !headers.iter().any(|(name, _)| *name == CONTENT_TYPE) {
            headers.push((CONTENT_TYPE, "text/event-stream".to_owned()));
        }
        Self {
            kind: ReplyKind::Notify,
            origin: Origin::Judged,
            code,
            headers,
            json: Some(json),
        }
    }

    pub(super) fn acknowledgement(
        kind: ReplyKind,
        code: u16,
        headers: Vec<(&'static str, String)>,
    ) -> Self {
        Self {
            kind,
            origin: Origin::Acknowledgement,
            code,
            headers,
            json: None,
        }
    }

    /// The policy's no to a message. `id` is the caller's, if it could be read.
    pub(super) fn denial(asked: Asked, reason: Reason, correlation: CorrelationId) -> Self {
        let wire = Wire::of(reason);
        let (kind, code, json) = match asked {
            Asked::Notification => (ReplyKind::Ack, 202, None),
            Asked::Termination if wire.retryable => (ReplyKind::Termination, 503, None),
            Asked::Termination => (ReplyKind::Termination, 403, None),
            Asked::Call(id) => (
                ReplyKind::Response,
                wire.status,
                Some(error_message(id, &wire.error_object(correlation))),
            ),
        };
        Self::own(kind, Origin::Denial, code, json)
    }

    /// The refusal of a channel that nothing is bound to, as the service knows it (wire sheet 7.2).
    pub(super) fn unsupported(asked: Asked, channel: &Channel) -> Self {
        let (kind, json) = match asked {
            Asked::Termination => (ReplyKind::Termination, None),
            Asked::Notification => (
                ReplyKind::Response,
                Some(error_message(None, &unsupported_channel(channel))),
            ),
            Asked::Call(id) => (
                ReplyKind::Response,
                Some(error_message(id, &unsupported_channel(channel))),
            ),
        };
        Self::own(kind, Origin::Denial, 400, json)
    }

    /// A local failure: fixed labels, no text of the server.
    pub(super) fn failure(
        asked: Asked,
        failure: Failure,
        headers: Vec<(&'static str, String)>,
    ) -> Self {
        let (kind, json) = match asked {
            Asked::Notification => (ReplyKind::Ack, None),
            Asked::Termination => (ReplyKind::Termination, None),
            Asked::Call(id) => (
                ReplyKind::Response,
                Some(error_message(id, &failure.error_object())),
            ),
        };
        let headers = if json.is_some() {
            as_answer(headers)
        } else {
            headers
        };
        Self {
            kind,
            origin: Origin::LocalFailure,
            code: failure.code(),
            headers,
            json,
        }
    }

    fn own(kind: ReplyKind, origin: Origin, code: u16, json: Option<Edited>) -> Self {
        let headers = if json.is_some() {
            vec![(CONTENT_TYPE, JSON.to_owned())]
        } else {
            Vec::new()
        };
        Self {
            kind,
            origin,
            code,
            headers,
            json,
        }
    }
}

/// What a refusal or failure answers.
pub(super) enum Asked {
    /// A request, with its id if it could be read.
    Call(Option<Bytes>),
    /// A notification.
    Notification,
    /// The end of a session.
    Termination,
}

/// A body of ours is JSON; an event stream keeps its type (wire sheet 8.3).
fn as_answer(mut headers: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
    let is_stream = headers
        .iter()
        .any(|(name, value)| *name == CONTENT_TYPE && value.starts_with("text/event-stream"));
    if !is_stream {
        headers.retain(|(name, _)| *name != CONTENT_TYPE);
        headers.push((CONTENT_TYPE, JSON.to_owned()));
    }
    headers
}

fn error_message(id: Option<Bytes>, error: &str) -> Edited {
    let mut text = br#"{"jsonrpc":"2.0","#.to_vec();
    if let Some(id) = id {
        text.extend_from_slice(br#""id":"#);
        text.extend_from_slice(&id);
        text.push(b',');
    }
    text.extend_from_slice(br#""error":"#);
    text.extend_from_slice(error.as_bytes());
    text.push(b'}');
    Edited::new(text.into())
}
