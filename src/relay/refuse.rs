//! What is recorded of a decision: the reason and the policy line, under the correlation id that the caller got (design section 5).
//!
//! Until there is an audit log, the record is the log. Nothing here is text of a caller or a server: labels, numbers and names from the
//! catalogue only.

use portcullis_policy::permit::{Ignored, Verdict};
use portcullis_policy::refusal::{CorrelationId, Line, Reason};
use portcullis_policy::{Channel, Exchange, Refused};
use tracing::{debug, info, warn};

use crate::wire::command::Command;

/// Records what of a command was left out before it was judged: labels only, never a value.
pub fn record_notices(command: &Command) {
    for notice in &command.notices {
        let request_id = &command.address.request_id;
        warn!(%request_id, notice = notice.label(), "left a part of the command out");
    }
}

/// Records that a message may not go in.
pub fn record_refused(channel: &Channel, refused: &Refused) {
    deny(
        channel,
        "request",
        refused.correlation(),
        refused.reason(),
        refused.line(),
    );
}

/// Records that a message went in.
pub fn record_permitted(channel: &Channel, exchange: &Exchange) {
    let method = exchange.ask().map_or("", |ask| ask.method.name);
    let tool = exchange
        .ask()
        .and_then(|ask| ask.tool.as_deref())
        .unwrap_or_default();
    info!(decision = "permit", %channel, correlation = %exchange.correlation(), method, tool, "judged a request");
}

/// Records what became of the message that ended a call.
pub fn record_verdict(channel: &Channel, correlation: CorrelationId, verdict: Verdict) {
    match verdict {
        Verdict::Released { removed } => {
            info!(decision = "permit", %channel, %correlation, removed, "judged an answer")
        }
        Verdict::Refused(reason, line) => deny(channel, "answer", correlation, reason, line),
        Verdict::Failed(failure, reason) => {
            let reason = reason.map_or("", Reason::label);
            warn!(%channel, %correlation, source = failure.source().label(), kind = failure.kind().label(), reason, "got no answer");
        }
    }
}

/// Records that a message of the server went nowhere.
pub fn record_ignored(channel: &Channel, correlation: CorrelationId, ignored: Ignored) {
    let what = match ignored {
        Ignored::Notification => "notification",
        Ignored::ForeignAnswer => "foreign_answer",
    };
    debug!(%channel, %correlation, what, "dropped a message of the server");
}

fn deny(
    channel: &Channel,
    side: &'static str,
    correlation: CorrelationId,
    reason: Reason,
    line: Option<Line>,
) {
    let policy_line = line.map_or(0, |line| line.0);
    warn!(decision = "deny", %channel, %correlation, reason = reason.label(), policy_line, "refused the {side}");
}
