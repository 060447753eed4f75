//! One message of the server, judged against the call it should answer.

use bytes::Bytes;

use super::exchange::Call;
use super::listing;
use super::step::Ignored;
use crate::document::{PolicySet, Server};
use crate::edit::{Edit, Edited};
use crate::failure::{Failure, FailureKind, FailureSource};
use crate::gate::{self, Gated, Slot};
use crate::mcp::catalogue::{PROGRESS, TOOLS_CHANGED};
use crate::mcp::envelope::{self, Envelope, Id, Outcome};
use crate::mcp::revision::Revision;
use crate::refusal::Reason;

/// MCP 2025-11-25: an elicitation that arrives as an error (C7).
const URL_ELICITATION_REQUIRED: i64 = -32042;

/// What a message of the server is to its call.
pub(super) enum Finding {
    /// A notification that may go on.
    Notify(Edited),
    /// The answer.
    Answer { json: Edited, removed: usize },
    /// The server's `ping`, by its id.
    Ping(Bytes),
    /// Any other request of the server, by its id.
    Request(Bytes),
    /// Not for this call.
    Ignore(Ignored),
    /// An answer that may not go on.
    Refuse(Reason),
    /// No answer at all.
    Fail(Failure, Option<Reason>),
}

impl Finding {
    /// Whether the call goes on after it.
    pub(super) const fn goes_on(&self) -> bool {
        match self {
            Self::Notify(_) | Self::Ping(_) | Self::Request(_) | Self::Ignore(_) => true,
            Self::Answer { .. } | Self::Refuse(_) | Self::Fail(..) => false,
        }
    }
}

/// Judges one message. Lists are filtered by both policies, so that a tightening applies at once.
pub(super) fn judge(
    call: &Call,
    text: Bytes,
    status: u16,
    admitted: &PolicySet,
    current: &PolicySet,
) -> Finding {
    let caps = current.limits_of(&call.channel).answer_caps();
    let message = match gate::message(text, &caps) {
        Ok(message) => message,
        Err(error) => {
            return fail(
                status,
                FailureKind::MalformedJson,
                Reason::Gate(error.fault),
            );
        }
    };
    let envelope = match envelope::read(&message) {
        Ok(envelope) => envelope,
        Err(fault) => {
            return fail(
                status,
                FailureKind::InvalidProtocolResponse,
                Reason::Envelope(fault),
            );
        }
    };
    match envelope {
        Envelope::Answer {
            id: Some(id),
            outcome,
        } if id.raw == call.upstream_id.to_string().as_bytes() => {
            answer(call, &message, id, outcome, status, [admitted, current])
        }
        _ if !is_success(status) => {
            Finding::Fail(Failure::status(status, FailureKind::InvalidMcpError), None)
        }
        Envelope::Answer { .. } => Finding::Ignore(Ignored::ForeignAnswer),
        Envelope::Request { id, method } if method == "ping" => {
            Finding::Ping(Bytes::copy_from_slice(id.raw))
        }
        Envelope::Request { id, .. } => Finding::Request(Bytes::copy_from_slice(id.raw)),
        Envelope::Notification { method } => {
            notification(call, &message, &method, [admitted, current])
        }
    }
}

const fn is_success(status: u16) -> bool {
    status >= 200 && status <= 299
}

/// A body that is no message: by its status if that says more, else against the protocol.
fn fail(status: u16, kind: FailureKind, reason: Reason) -> Finding {
    if is_success(status) {
        return Finding::Fail(Failure::new(FailureSource::Protocol, kind), Some(reason));
    }
    let kind = if kind == FailureKind::MalformedJson {
        kind
    } else {
        FailureKind::InvalidMcpError
    };
    Finding::Fail(Failure::status(status, kind), Some(reason))
}

fn answer(
    call: &Call,
    message: &Gated,
    id: Id<'_>,
    outcome: Outcome,
    status: u16,
    policies: [&PolicySet; 2],
) -> Finding {
    let mut json = Edited::new(message.bytes().clone());
    json.push(Edit::Id(id.span, call.caller_id.clone()));
    match outcome {
        Outcome::Error if status > 599 => {
            Finding::Fail(Failure::status(status, FailureKind::InvalidMcpError), None)
        }
        Outcome::Error => error(message, json),
        Outcome::Result if !is_success(status) => {
            Finding::Fail(Failure::status(status, FailureKind::InvalidMcpError), None)
        }
        Outcome::Result => result(call, message, json, policies),
    }
}

fn error(message: &Gated, json: Edited) -> Finding {
    let code = message
        .node(Slot::ErrorCode)
        .and_then(|node| node.integer());
    if code == Some(URL_ELICITATION_REQUIRED) {
        return Finding::Refuse(Reason::ReverseCall);
    }
    Finding::Answer { json, removed: 0 }
}

/// A result crosses when it is complete, asks nothing back, makes no task, and lists only what may be seen.
fn result(call: &Call, message: &Gated, mut json: Edited, policies: [&PolicySet; 2]) -> Finding {
    match message.node(Slot::ResultType).map(|node| node.text()) {
        None => {}
        Some(Some(kind)) if kind == "complete" => {}
        Some(Some(kind)) if kind == "input_required" => {
            return Finding::Refuse(Reason::ReverseCall);
        }
        Some(_) => return Finding::Refuse(Reason::ResultTypeUnknown),
    }
    if message.node(Slot::ResultInputRequests).is_some() {
        return Finding::Refuse(Reason::ReverseCall);
    }
    if message.node(Slot::ResultTask).is_some() || message.node(Slot::ResultTaskId).is_some() {
        return Finding::Refuse(Reason::TaskNotListed);
    }
    let servers = policies.map(|policy| policy.server(&call.channel));
    if !speaks(message, &servers) {
        return Finding::Refuse(Reason::RevisionNotListed);
    }
    if let Err(reason) = call.watched.opened(call.ask.method, message, &servers) {
        return Finding::Refuse(reason);
    }
    let Some(list) = listing::List::of(call.ask.method) else {
        return Finding::Answer { json, removed: 0 };
    };
    if let (listing::List::Tools, [_, Some(current)]) = (list, servers) {
        call.watched.listed(message, current);
    }
    let ledger = &call.watched.ledger;
    match listing::filter(message, list, servers, (ledger, call.now)) {
        Ok(Some((edit, removed))) => {
            json.push(edit);
            Finding::Answer { json, removed }
        }
        Ok(None) => Finding::Answer { json, removed: 0 },
        Err(reason) => Finding::Refuse(reason),
    }
}

/// Whether a session that opens speaks a revision that every policy lists (D4).
fn speaks(message: &Gated, servers: &[Option<&Server>; 2]) -> bool {
    let Some(node) = message.node(Slot::ResultProtocolVersion) else {
        return true;
    };
    let revision = node.text().and_then(|name| Revision::parse(&name));
    servers.iter().flatten().all(|server| match revision {
        Some(revision) => server.speaks(revision),
        None => server.speaks_any(),
    })
}

/// Progress of this call goes on under the caller's own token (B13), and so does what both policies let a server send.
fn notification(call: &Call, message: &Gated, method: &str, policies: [&PolicySet; 2]) -> Finding {
    if method == TOOLS_CHANGED {
        call.watched.changed();
    }
    if method != PROGRESS {
        let may = |policy: &PolicySet| {
            policy
                .server(&call.channel)
                .is_some_and(|server| server.may_send(method))
        };
        return match policies.into_iter().all(may) {
            true => Finding::Notify(Edited::new(message.bytes().clone())),
            false => Finding::Ignore(Ignored::Notification),
        };
    }
    let ours = call.upstream_id.to_string();
    let bound = message
        .node(Slot::ParamsProgressToken)
        .filter(|node| node.raw() == ours.as_bytes());
    match (bound, &call.token) {
        (Some(node), Some(token)) => {
            let mut json = Edited::new(message.bytes().clone());
            json.push(Edit::ProgressToken(node.span(), token.clone()));
            Finding::Notify(json)
        }
        (_, _) => Finding::Ignore(Ignored::Notification),
    }
}
