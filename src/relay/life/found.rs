//! What is found on the way of one command: told as it happens, and kept for its record.

use portcullis_policy::permit::{Ignored, Removed, ReplyKind, Verdict};
use portcullis_policy::refusal::{Line, Reason};
use portcullis_policy::{Exchange, Failure};

use super::Life;
use crate::ops::event::{CallKind, CommandEvent, Side};
use crate::relay::port::Records;
use crate::relay::record::Refusal;
use crate::wire::command::Notice;

impl<R: Records> Life<'_, R> {
    /// These parts were left out before it was judged: labels only, never a value.
    pub(super) fn left_out(&self, notices: &[Notice]) {
        for notice in notices {
            let notice = notice.label();
            self.tell(CommandEvent::LeftOut { notice });
        }
    }

    /// It may go in.
    pub fn permitted(&mut self, exchange: &Exchange) {
        self.method = exchange.method();
        self.kind = match self.method {
            "" => CallKind::Termination,
            _ if exchange.awaits_answer() => CallKind::Call,
            _ => CallKind::Notification,
        };
        let tool = exchange.ask().and_then(|ask| ask.tool.as_deref());
        self.tool = tool.unwrap_or_default().to_owned();
        self.tell(CommandEvent::Permitted {
            kind: self.kind,
            method: self.method,
            tool: &self.tool,
        });
        self.observed = exchange.observed().map(|(reason, line)| Refusal {
            reason: reason.label(),
            line: line.map_or(0, |line| line.0),
        });
        if let Some(Refusal { reason, line }) = self.observed {
            self.tell(CommandEvent::Observed { reason, line });
        }
    }

    /// This is what the policy could read of what it refuses.
    pub fn named(&mut self, method: &'static str, tool: Option<&str>) {
        self.method = method;
        self.tool = tool.unwrap_or_default().to_owned();
    }

    /// It, or its answer, may not cross. `told` is the kind of the refusal.
    pub fn refused(&mut self, side: Side, told: ReplyKind, reason: Reason, line: Option<Line>) {
        self.entry.arrived();
        if self.kind == CallKind::Unusable && reason != Reason::UnusableCommand {
            self.kind = kind_of(told);
        }
        self.account.found("deny", reason.label(), line);
        self.tell(CommandEvent::Refused {
            side,
            reason: reason.label(),
            line: self.account.line,
        });
        self.record_refusal();
    }

    /// There is no answer to judge.
    pub fn failed(&mut self, failure: Failure) {
        self.judged(Verdict::Failed(failure, None));
    }

    /// This was taken out of the listing that answers it.
    pub fn removed(&mut self, removed: &Removed) {
        self.account.removed.clone_from(removed);
    }

    /// The message that ended the call was judged so.
    pub fn judged(&mut self, verdict: Verdict) {
        self.account.judged(verdict);
        match verdict {
            Verdict::Released { removed } => self.tell(CommandEvent::Released { removed }),
            Verdict::Refused(reason, line) => {
                self.refused(Side::Answer, ReplyKind::Response, reason, line);
            }
            Verdict::Failed(failure, reason) => self.tell(CommandEvent::Failed {
                source: failure.source().label(),
                kind: failure.kind().label(),
                reason: reason.map_or("", Reason::label),
            }),
        }
    }

    /// It was sent under this generation of certificates and keys.
    pub fn sent_under(&mut self, generation: u64) {
        self.account.generation = generation;
    }

    /// The server said something.
    pub fn heard(&mut self) {
        self.account.events += 1;
    }

    /// A message of the server went nowhere.
    pub fn ignored(&mut self, ignored: Ignored) {
        self.account.dropped += 1;
        let what = ignored.label();
        self.tell(CommandEvent::Ignored { what });
    }

    /// A notification was not taken.
    pub fn notify_failed(&mut self, error: &str) {
        self.tell(CommandEvent::NotifyFailed { error });
    }

    /// A notification was not posted, because one before it was not taken.
    pub fn unposted(&mut self) {
        self.account.dropped += 1;
        self.unposted += 1;
    }

    /// A request of the server's own could not be answered.
    pub fn own_answer_failed(&self, failure: Failure) {
        let kind = failure.kind().label();
        self.tell(CommandEvent::OwnAnswerFailed { kind });
    }
}

const fn kind_of(reply: ReplyKind) -> CallKind {
    match reply {
        ReplyKind::Response | ReplyKind::Notify => CallKind::Call,
        ReplyKind::Ack => CallKind::Notification,
        ReplyKind::Termination => CallKind::Termination,
    }
}
