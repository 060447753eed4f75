//! One line for each event: fields first, then a short constant message.

use std::fmt;

use tokio::time::Instant;
use tracing::{debug, error, info, warn};

use crate::ops::event::{
    Call, CommandEvent, DefinitionEvent, Event, PollEvent, PollFailure, ServerEvent,
};

use super::{Flood, agent, definition, peer, rotation};

/// Writes the line of an event. What is ordinary for one call is told at `debug` only: its record is in the audit log.
pub(crate) fn write(event: &Event<'_>, flood: &Flood) {
    match *event {
        Event::Poll(ref event) => poll(event),
        Event::Command(call, ref event) if is_in_full(event, flood) => command(call, event),
        Event::Command(..) => {}
        Event::Server(channel, ref event) => server(channel, event),
        Event::Definition(channel, ref event) if is_told(event, flood) => {
            definition::write(channel, event)
        }
        Event::Definition(..) => {}
        Event::Rotation(endpoint, ref event) => rotation::write(endpoint, event),
        Event::Peer(endpoint, ref event) => peer::write(endpoint, event),
        Event::Agent(ref event) => agent::write(event),
    }
}

/// Tells how many lines of a kind were kept back.
pub(crate) fn write_kept_back(kept_back: &[((&'static str, &'static str), u64)]) {
    for ((what, reason), count) in kept_back {
        warn!(
            what,
            reason, count, "more of the same, counted and not written"
        );
    }
}

/// Whether this one is written although there may be many of its kind.
fn is_in_full(event: &CommandEvent<'_>, flood: &Flood) -> bool {
    let kind = match *event {
        CommandEvent::Unusable { reason, .. } => ("unusable", reason),
        CommandEvent::LeftOut { notice } => ("left_out", notice),
        CommandEvent::Duplicate => ("duplicate", ""),
        CommandEvent::Overflow => ("overflow", ""),
        CommandEvent::Refused { side, reason, .. } => (side.label(), reason),
        CommandEvent::Observed { reason, .. } => ("observed", reason),
        CommandEvent::Failed { source, kind, .. } => (source, kind),
        CommandEvent::NotifyFailed { .. } => ("notify_failed", ""),
        CommandEvent::PostFailed { .. } => ("post_failed", ""),
        CommandEvent::Unanswered { why } => ("unanswered", why.label()),
        CommandEvent::Panicked => ("panic", ""),
        CommandEvent::Queued { .. }
        | CommandEvent::Began { .. }
        | CommandEvent::Left { .. }
        | CommandEvent::Permitted { .. }
        | CommandEvent::Released { .. }
        | CommandEvent::Ignored { .. }
        | CommandEvent::NotificationsDropped { .. }
        | CommandEvent::OwnAnswerFailed { .. }
        | CommandEvent::Replied { .. }
        | CommandEvent::Lost => return true,
    };
    flood.admits(kind, Instant::now())
}

/// Every call may fail to be listed for; a change is told once.
fn is_told(event: &DefinitionEvent<'_>, flood: &Flood) -> bool {
    match *event {
        DefinitionEvent::ListingFailed { reason } => {
            flood.admits(("listing", reason), Instant::now())
        }
        DefinitionEvent::Listed { .. }
        | DefinitionEvent::Changed(_)
        | DefinitionEvent::Restored { .. } => true,
    }
}

/// A correlation id as the caller of a refused call sees it.
struct Id(u128);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

fn poll(event: &PollEvent<'_>) {
    match *event {
        PollEvent::Started { limit } => debug!(limit, "polling"),
        PollEvent::Answered { elements, took } => {
            debug!(elements, took_ms = millis(took), "polled");
        }
        PollEvent::Failed(PollFailure {
            fault,
            error,
            retry_in,
            remedy,
            took,
        }) => {
            warn!(
                fault = fault.label(),
                error,
                took_ms = millis(took),
                retry_in_ms = millis(retry_in),
                remedy,
                "could not poll"
            );
        }
        PollEvent::Paused(why) => debug!(why = why.label(), "not polling"),
        PollEvent::Stopped => info!("stopped polling"),
    }
}

fn command(call: Call<'_>, event: &CommandEvent<'_>) {
    let Call {
        request_id,
        correlation,
        channel,
    } = call;
    let correlation = Id(correlation);
    match *event {
        CommandEvent::Unusable { reason, answerable } => {
            warn!(decision = "deny", reason, %correlation, answerable, "refused an unusable command");
        }
        CommandEvent::LeftOut { notice } => {
            warn!(request_id, notice, "left a part of the command out")
        }
        CommandEvent::Duplicate => {
            info!(request_id, channel, "took a command once that came twice")
        }
        CommandEvent::Queued { .. } | CommandEvent::Left { .. } => {}
        CommandEvent::Began { waited } => {
            debug!(request_id, channel, waited_ms = millis(waited), "began")
        }
        CommandEvent::Overflow => warn!(
            decision = "deny",
            request_id, channel, "refused a command: the queue of its channel is full"
        ),
        CommandEvent::Permitted { kind, method, tool } => {
            debug!(decision = "permit", channel, %correlation, kind = kind.label(), method, tool, "judged a request");
        }
        CommandEvent::Observed { reason, line } => {
            warn!(decision = "deny", enforced = false, channel, %correlation, reason, policy_line = line, "let a message in that the rules refuse: its server is on trial");
        }
        CommandEvent::Refused { side, reason, line } => {
            warn!(decision = "deny", channel, %correlation, side = side.label(), reason, policy_line = line, "refused a message");
        }
        CommandEvent::Released { removed } => {
            debug!(decision = "permit", channel, %correlation, removed, "judged an answer");
        }
        CommandEvent::Failed {
            source,
            kind,
            reason,
        } => {
            warn!(channel, %correlation, source, kind, reason, "got no answer");
        }
        CommandEvent::Ignored { what } => {
            debug!(channel, %correlation, what, "dropped a message of the server")
        }
        CommandEvent::NotifyFailed { error } => {
            warn!(
                request_id,
                error, "dropped the notifications of this command"
            );
        }
        CommandEvent::NotificationsDropped { count } => {
            debug!(request_id, count, "dropped notifications")
        }
        CommandEvent::OwnAnswerFailed { kind } => debug!(
            request_id,
            kind, "could not answer the server's own request"
        ),
        CommandEvent::Replied {
            code,
            kind,
            method,
            times,
        } => {
            debug!(
                request_id,
                code,
                kind = kind.label(),
                method,
                took_ms = millis(times.since_receipt),
                "replied"
            );
        }
        CommandEvent::PostFailed { error } => warn!(request_id, error, "could not post the reply"),
        CommandEvent::Unanswered { why } => {
            info!(request_id, reason = why.label(), "left unanswered")
        }
        CommandEvent::Lost => error!(request_id, "lost a command without an outcome"),
        CommandEvent::Panicked => {
            warn!(decision = "deny", request_id, %correlation, reason = "decision_failed", "refused after a panic");
        }
    }
}

fn server(channel: &str, event: &ServerEvent) {
    match *event {
        ServerEvent::Reached { status } => debug!(channel, status, "the MCP server answered"),
        ServerEvent::Failed { source, kind } => {
            debug!(channel, source, kind, "the MCP server did not answer")
        }
    }
}

/// Whole milliseconds, for a line.
fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
