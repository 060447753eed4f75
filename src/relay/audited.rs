//! The audit log behind the relay's third door: the relay's plain values become the log's, with what only the wiring knows.

use std::sync::Arc;
use std::time::Duration;

use portcullis_policy::gate;

use super::port::{Records, Unrecorded};
use super::record::{self, Times};
use crate::ops::audit::{
    Audit, Decided, Digest, Durations, Ended, Field, Identity, Intent, Note, NoteKind, Policy,
    Refusal, sha256,
};

/// The audit log, and what each record says of this run.
pub struct Audited {
    /// The log.
    pub audit: Arc<Audit>,
    /// What peers are shown when a record about this channel is made.
    pub shown: Box<dyn Fn(&str) -> Shown + Send + Sync>,
}

/// What peers are shown at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Counts the generations of the channel's endpoint from 1; 0 without any certificate.
    pub generation: u64,
    /// Serial number of the certificate shown to the control plane.
    pub control_plane: Option<String>,
    /// Serial number of the certificate shown to the server.
    pub server: Option<String>,
}

impl Records for Audited {
    type Intent = Intent;

    async fn intent(&self, decided: &record::Decided<'_>) -> Result<Intent, Unrecorded> {
        let shown = (self.shown)(decided.channel);
        let decided = self.decided(decided, &shown);
        self.audit.intent(&decided).await.map_err(|_| Unrecorded)
    }

    fn outcome(&self, intent: Intent, ended: &record::Ended) {
        self.audit.outcome(intent, &told(ended));
    }

    fn refusal(&self, decided: &record::Decided<'_>, refusal: &record::Refusal) {
        let refusal = refused(refusal);
        let shown = (self.shown)(decided.channel);
        self.audit.refusal(&self.decided(decided, &shown), &refusal);
    }

    fn poll_lost(&self, why: &'static str) {
        self.audit.note(&Note {
            kind: NoteKind::PollLost,
            fields: &[("reason", Field::Text(why))],
        });
    }
}

impl Audited {
    fn decided<'a>(&self, decided: &record::Decided<'a>, shown: &'a Shown) -> Decided<'a> {
        Decided {
            correlation: decided.correlation,
            request_id: decided.request_id,
            channel: decided.channel,
            message: decided.kind,
            method: some(decided.method),
            selector: some(decided.tool),
            session: decided.session.map(|session| sha256(session.as_bytes())),
            request: decided.request,
            arguments: arguments(decided),
            observed: decided.observed.as_ref().map(refused),
            policy: Policy {
                generation: decided.policy.generation,
                sha256: decided.policy.sha256,
                line: line(decided.line),
            },
            identity: Identity {
                generation: shown.generation,
                control_plane: shown.control_plane.as_deref(),
                server: shown.server.as_deref(),
            },
        }
    }
}

fn told(ended: &record::Ended) -> Ended<'_> {
    Ended {
        verdict: verdict(ended),
        reason: some(ended.reason),
        line: line(ended.line),
        generation: Some(ended.generation).filter(|generation| *generation > 0),
        resp_code: ended.reply.ok(),
        answer: ended.answer.map(|answer| Digest {
            bytes: u64::try_from(answer.length).unwrap_or(u64::MAX),
            sha256: answer.sha256,
        }),
        events: ended.events,
        removed: u64::try_from(ended.removed.count).unwrap_or(u64::MAX),
        removed_names: &ended.removed.names,
        removed_are_uris: ended.removed.are_uris,
        dropped: ended.dropped,
        durations: durations(ended.times),
    }
}

fn refused(refusal: &record::Refusal) -> Refusal<'static> {
    Refusal {
        reason: refusal.reason,
        line: line(refusal.line),
        resp_code: None,
    }
}

/// Why there was no reply says more than what was found of an answer that nobody got.
fn verdict(ended: &record::Ended) -> &'static str {
    match (ended.reply, ended.verdict) {
        (Err(why), _) => why,
        (Ok(_), "permit") => "allow",
        (Ok(_), verdict) => verdict,
    }
}

/// The raw arguments of a tool call that was judged; recorded only as far as the policy says.
fn arguments<'a>(decided: &record::Decided<'a>) -> Option<&'a [u8]> {
    some(decided.tool)?;
    gate::salvage(gate::salvage(decided.request, "params")?, "arguments")
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn line(line: u32) -> Option<u32> {
    Some(line).filter(|line| *line > 0)
}

fn durations(times: Times) -> Durations {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    Durations {
        queued: micros(times.queued),
        server: micros(times.server),
        post: micros(times.post),
        total: micros(times.total),
    }
}

#[cfg(test)]
mod tests;
