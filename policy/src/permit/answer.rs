//! One message of the server, judged against the call it should answer.

use bytes::Bytes;

use super::exchange::Call;
use super::heard::Heard;
use super::made::{self, URL_ELICITATION_REQUIRED};
use super::removed::Removed;
use super::step::Ignored;
use super::{cache, declared, fitness, listing, notice};
use crate::document::{PolicySet, Server};
use crate::edit::{Edit, Edited};
use crate::failure::{Failure, FailureKind, FailureSource};
use crate::gate::{self, Gated, Slot};
use crate::mcp::catalogue::{self, Class, Selector, Sent};
use crate::mcp::envelope::{self, Envelope, Id, Outcome};
use crate::mcp::revision::Revision;
use crate::refusal::Reason;

/// What a message of the server is to its call.
pub(super) enum Finding {
    /// A notification that may go on.
    Notify(Edited),
    /// The answer.
    Answer { json: Edited, removed: Removed },
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
    policies: [&PolicySet; 2],
    heard: &mut Heard,
) -> Finding {
    let [_, current] = policies;
    let servers = policies.map(|policy| policy.server(&call.channel));
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
            answer(call, &message, id, outcome, status, servers)
        }
        _ if !is_success(status) => {
            Finding::Fail(Failure::status(status, FailureKind::InvalidMcpError), None)
        }
        Envelope::Answer { .. } => Finding::Ignore(Ignored::ForeignAnswer),
        // From 2026-07-28 on a server may ask nothing on its own: what does is not the server it should be (C8).
        Envelope::Request { .. } if call.revision.is_modern() => {
            Finding::Refuse(Reason::ReverseCall)
        }
        Envelope::Request { id, method } => {
            let (id, sent) = (Bytes::copy_from_slice(id.raw), catalogue::server(&method));
            match sent.is_some_and(|method| method.class == Sent::Ping) {
                true => Finding::Ping(id),
                false => Finding::Request(id),
            }
        }
        Envelope::Notification { method } => notice::judge(call, &message, &method, servers, heard),
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
    servers: [Option<&Server>; 2],
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
        Outcome::Result => result(call, message, json, servers),
    }
}

fn error(message: &Gated, json: Edited) -> Finding {
    let code = message
        .node(Slot::ErrorCode)
        .and_then(|node| node.integer());
    if code == Some(URL_ELICITATION_REQUIRED) {
        return Finding::Refuse(Reason::ReverseCall);
    }
    let removed = Removed::default();
    Finding::Answer { json, removed }
}

/// A result crosses when it asks nothing back, makes nothing that is not listed, and lists only what may be seen.
fn result(
    call: &Call,
    message: &Gated,
    mut json: Edited,
    servers: [Option<&Server>; 2],
) -> Finding {
    if let Err(reason) = made::judge(call, message, servers) {
        return Finding::Refuse(reason);
    }
    if !speaks(message, &servers) {
        return Finding::Refuse(Reason::RevisionNotListed);
    }
    if let Err(reason) = call.watched.opened(call.ask.method, message, &servers) {
        return Finding::Refuse(reason);
    }
    let removed = match filtered(call, message, servers) {
        Ok(removed) => removed,
        Err(reason) => return Finding::Refuse(reason),
    };
    let (edit, removed) = removed.unzip();
    edit.into_iter().for_each(|edit| json.push(edit));
    if declared::is_declaration(call.ask.method) || listing::List::of(call.ask.method).is_some() {
        declared::cut_answer(call, message, servers, &mut json);
        cache::keep_private(message, &mut json);
    }
    made::next_page(call, message);
    let removed = removed.unwrap_or_default();
    Finding::Answer { json, removed }
}

/// What is taken out of a listing.
fn filtered(
    call: &Call,
    message: &Gated,
    servers: [Option<&Server>; 2],
) -> Result<Option<(Edit, Removed)>, Reason> {
    if call.ask.method.class == Class::Named(Selector::Tasks) {
        return made::own_tasks(call, message);
    }
    let Some(list) = listing::List::of(call.ask.method) else {
        return Ok(None);
    };
    if let (listing::List::Tools, [_, Some(current)]) = (list, servers) {
        call.watched.listed(message, current);
    }
    let unfit = fitness::judge(call, message, list);
    listing::filter(message, list, servers, (call, &unfit))
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
