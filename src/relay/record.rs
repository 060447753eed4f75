//! What is kept of a decision, as plain values, and the account of one command that fills them.
//!
//! Nothing here is text of a caller or a server but names of what is called or listed: labels, numbers, ids and digests.

use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use portcullis_policy::Released;
use portcullis_policy::permit::{Removed, Verdict};
use portcullis_policy::refusal::Line;
use tokio::time::Instant;

/// What was decided about one command.
#[derive(Clone, Copy, Debug)]
pub struct Decided<'a> {
    /// Names the decision in log, record and refusal.
    pub correlation: u128,
    /// The service's id of the command; empty if it has none that can be named.
    pub request_id: &'a str,
    /// The channel; empty if it has none that can be named.
    pub channel: &'a str,
    /// `call`, `notification`, `session_termination` or `unusable`.
    pub kind: &'static str,
    /// The catalogue's name of the method, or empty.
    pub method: &'static str,
    /// The tool, as the policy lists it, or empty.
    pub tool: &'a str,
    /// The MCP session, if the caller named one; kept as its digest.
    pub session: Option<&'a str>,
    /// The message as it came; kept as its length and digest.
    pub request: &'a [u8],
    /// The policy that decided.
    pub policy: Named,
    /// The line of the policy that decided; 0 if none did.
    pub line: u32,
    /// Why the rules refuse it, although it goes in: its server is on trial.
    pub observed: Option<Refusal>,
}

/// What names a policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Counts the policies of this run from 1.
    pub generation: u64,
    /// SHA-256 of the policy file.
    pub sha256: [u8; 32],
}

/// Why a command went nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The stable word.
    pub reason: &'static str,
    /// The line of the policy that decided; 0 if none did.
    pub line: u32,
}

/// What became of a command that went to its server.
#[derive(Clone, Debug)]
pub struct Ended {
    /// `permit`, `deny` or `failed`: what was found of the answer; `none` if it never came to that.
    pub verdict: &'static str,
    /// Why, or empty.
    pub reason: &'static str,
    /// The line of the policy that decided; 0 if none did.
    pub line: u32,
    /// Which generation of certificates and keys it was sent under; 0 where there are none, or no answer told.
    pub generation: u64,
    /// The `resp_code` of the reply that was taken; else why there is none.
    pub reply: Result<u16, &'static str>,
    /// The body that was released, if there was one.
    pub answer: Option<Sealed>,
    /// Messages of the server.
    pub events: u64,
    /// The items taken out of a listing.
    pub removed: Removed,
    /// Messages of the server that went nowhere.
    pub dropped: u64,
    /// How long each step took.
    pub times: Times,
}

/// Length and SHA-256 of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Bytes.
    pub length: usize,
    /// SHA-256.
    pub sha256: [u8; 32],
}

/// How long each step took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// From its receipt to its turn.
    pub queued: Duration,
    /// At the server.
    pub server: Duration,
    /// Posting the reply.
    pub post: Duration,
    /// All of it.
    pub total: Duration,
}

impl Sealed {
    /// Seals the body of a reply, if it has one.
    #[must_use]
    pub fn of(reply: &Released) -> Option<Self> {
        let pieces = reply.json()?;
        let mut digest = Context::new(&SHA256);
        pieces.iter().for_each(|piece| digest.update(piece));
        Some(Self {
            length: pieces.iter().map(|piece| piece.len()).sum(),
            sha256: digest.finish().as_ref().try_into().ok()?,
        })
    }
}

/// What is known of a command so far.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) verdict: &'static str,
    pub(super) reason: &'static str,
    pub(super) line: u32,
    pub(super) generation: u64,
    pub(super) answer: Option<Sealed>,
    pub(super) events: u64,
    pub(super) removed: Removed,
    pub(super) dropped: u64,
    received: Instant,
    began: Option<Instant>,
    answered: Option<Instant>,
}

impl Account {
    pub(super) fn new(received: Instant) -> Self {
        Self {
            verdict: "none",
            reason: "",
            line: 0,
            generation: 0,
            answer: None,
            events: 0,
            removed: Removed::default(),
            dropped: 0,
            received,
            began: None,
            answered: None,
        }
    }

    /// Its turn came.
    pub(super) fn began(&mut self) {
        self.began = Some(Instant::now());
    }

    /// What is to be told of it is known.
    pub(super) fn found(
        &mut self,
        verdict: &'static str,
        reason: &'static str,
        line: Option<Line>,
    ) {
        self.verdict = verdict;
        self.reason = reason;
        self.line = line.map_or(0, |line| line.0);
    }

    /// The message that ended the call was judged so.
    pub(super) fn judged(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Released { .. } => self.found("permit", "", None),
            Verdict::Refused(reason, line) => self.found("deny", reason.label(), line),
            Verdict::Failed(failure, reason) => {
                let kind = failure.kind().label();
                self.found("failed", reason.map_or(kind, |reason| reason.label()), None);
            }
        }
    }

    /// This is what will be posted.
    pub(super) fn sealed(&mut self, reply: &Released) {
        self.answered = Some(Instant::now());
        self.answer = Sealed::of(reply);
    }

    /// How long it took so far.
    pub(super) fn age(&self) -> Duration {
        self.received.elapsed()
    }

    pub(super) fn refusal(&self) -> Refusal {
        Refusal {
            reason: self.reason,
            line: self.line,
        }
    }

    pub(super) fn ended(&self, reply: Result<u16, &'static str>) -> Ended {
        Ended {
            verdict: self.verdict,
            reason: self.reason,
            line: self.line,
            generation: self.generation,
            reply,
            answer: self.answer,
            events: self.events,
            removed: self.removed.clone(),
            dropped: self.dropped,
            times: self.times(),
        }
    }

    fn times(&self) -> Times {
        let now = Instant::now();
        let (began, answered) = (self.began.unwrap_or(now), self.answered.unwrap_or(now));
        Times {
            queued: began.saturating_duration_since(self.received),
            server: answered.saturating_duration_since(began),
            post: now.saturating_duration_since(answered),
            total: now.saturating_duration_since(self.received),
        }
    }
}
