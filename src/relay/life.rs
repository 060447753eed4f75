//! What is told and recorded of one command, from its receipt to its one outcome.
//!
//! Promises: each command that was taken has exactly one outcome (INVARIANT: 7); one that is dropped without, by a panic or because its task
//! was cut, is told as lost. Nothing here is text of a caller or a server: labels, numbers, ids and names from the catalogue only.

use std::time::{Duration, SystemTime};

use portcullis_policy::permit::{Ignored, ReplyKind, Verdict};
use portcullis_policy::refusal::{CorrelationId, Line, Reason};
use portcullis_policy::{Exchange, Failure};
use tokio::time::Instant;

use super::admission::Entry;
use super::replay::InHand;
use crate::ops::Ops;
use crate::ops::event::{Call, CallKind, CommandEvent, Event, NoAnswer, Side, Times};
use crate::wire::address::ReplyAddress;
use crate::wire::command::Notice;

/// Watches over one command until its outcome is known.
#[derive(Debug)]
pub struct Life<'a> {
    ops: &'a Ops,
    address: &'a ReplyAddress,
    correlation: CorrelationId,
    received: Instant,
    age: Option<Duration>,
    kind: CallKind,
    method: &'static str,
    began: bool,
    sent: bool,
    settled: bool,
    unposted: u64,
    entry: Entry,
    _in_hand: InHand<'a>,
}

impl<'a> Life<'a> {
    /// Begins to watch. `age` is how old the command was when it was received.
    #[must_use]
    pub fn open(
        ops: &'a Ops,
        address: &'a ReplyAddress,
        (in_hand, entry): (InHand<'a>, Entry),
        correlation: CorrelationId,
        (received, created_at): (Instant, Option<SystemTime>),
    ) -> Self {
        let now = SystemTime::now();
        let age = created_at.and_then(|then| now.duration_since(then).ok());
        let life = Self {
            ops,
            address,
            correlation,
            received,
            age,
            kind: CallKind::Unusable,
            method: "",
            began: false,
            sent: false,
            settled: false,
            unposted: 0,
            entry,
            _in_hand: in_hand,
        };
        life.tell(CommandEvent::Queued { age });
        life
    }

    /// What names it in every record, and in a refusal.
    #[must_use]
    pub fn correlation(&self) -> CorrelationId {
        self.correlation
    }

    /// These parts were left out before it was judged: labels only, never a value.
    pub fn left_out(&self, notices: &[Notice]) {
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
        self.tell(CommandEvent::Permitted {
            kind: self.kind,
            method: self.method,
            tool: tool.unwrap_or_default(),
        });
    }

    /// Its turn came.
    pub fn began(&mut self) {
        self.began = true;
        let waited = self.received.elapsed();
        self.tell(CommandEvent::Began { waited });
    }

    /// It is handed to its server now.
    pub fn sent(&mut self) {
        self.sent = true;
    }

    /// Whether its server may know of it.
    #[must_use]
    pub fn was_sent(&self) -> bool {
        self.sent
    }

    /// It waits or runs now, or its channel has no place left.
    pub fn arrived(&mut self, has_place: bool) {
        self.entry.arrived();
        if !has_place {
            self.tell(CommandEvent::Overflow);
        }
    }

    /// It, or its answer, may not cross. `told` is the kind of the refusal.
    pub fn refused(&mut self, side: Side, told: ReplyKind, reason: Reason, line: Option<Line>) {
        self.entry.arrived();
        if self.kind == CallKind::Unusable && reason != Reason::UnusableCommand {
            self.kind = kind_of(told);
        }
        self.tell(CommandEvent::Refused {
            side,
            reason: reason.label(),
            line: line.map_or(0, |line| line.0),
        });
    }

    /// There is no answer to judge.
    pub fn failed(&mut self, failure: Failure, reason: Option<Reason>) {
        self.tell(CommandEvent::Failed {
            source: failure.source().label(),
            kind: failure.kind().label(),
            reason: reason.map_or("", Reason::label),
        });
    }

    /// The message that ended the call was judged so.
    pub fn judged(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Released { removed } => self.tell(CommandEvent::Released { removed }),
            Verdict::Refused(reason, line) => {
                self.refused(Side::Answer, ReplyKind::Response, reason, line);
            }
            Verdict::Failed(failure, reason) => self.failed(failure, reason),
        }
    }

    /// A message of the server went nowhere.
    pub fn ignored(&mut self, ignored: Ignored) {
        let what = ignored.label();
        self.tell(CommandEvent::Ignored { what });
    }

    /// A notification was not taken.
    pub fn notify_failed(&mut self, error: &str) {
        self.tell(CommandEvent::NotifyFailed { error });
    }

    /// A notification was not posted, because one before it was not taken.
    pub fn unposted(&mut self) {
        self.unposted += 1;
    }

    /// A request of the server's own could not be answered.
    pub fn own_answer_failed(&self, failure: Failure) {
        let kind = failure.kind().label();
        self.tell(CommandEvent::OwnAnswerFailed { kind });
    }

    /// A panic was caught.
    pub fn panicked(&mut self) {
        self.tell(CommandEvent::Panicked);
    }

    /// The one reply was posted with this `resp_code`.
    pub fn posted(mut self, code: u16) {
        let since_receipt = self.received.elapsed();
        let times = Times {
            since_receipt,
            since_creation: self.age.map(|age| age + since_receipt),
        };
        self.settle(CommandEvent::Replied {
            code,
            kind: self.kind,
            method: self.method,
            times,
        });
    }

    /// The one reply was not taken.
    pub fn post_failed(self, error: &str) {
        self.tell(CommandEvent::PostFailed { error });
        self.unanswered(NoAnswer::PostFailed);
    }

    /// There is no reply, for this reason.
    pub fn unanswered(mut self, why: NoAnswer) {
        self.settle(CommandEvent::Unanswered { why });
    }

    fn settle(&mut self, event: CommandEvent<'_>) {
        self.settled = true;
        if self.unposted > 0 {
            let count = self.unposted;
            self.tell(CommandEvent::NotificationsDropped { count });
        }
        self.tell(event);
    }

    fn tell(&self, event: CommandEvent<'_>) {
        let call = call(self.address, self.correlation);
        self.ops.emit(Event::Command(call, event));
    }
}

impl Drop for Life<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.settle(CommandEvent::Lost);
        }
        let began = self.began;
        self.tell(CommandEvent::Left { began });
    }
}

/// How events name a command.
#[must_use]
pub fn call(address: &ReplyAddress, correlation: CorrelationId) -> Call<'_> {
    Call {
        request_id: address.request_id.as_str(),
        correlation: correlation.0,
        channel: address.channel.as_str(),
    }
}

const fn kind_of(reply: ReplyKind) -> CallKind {
    match reply {
        ReplyKind::Response | ReplyKind::Notify => CallKind::Call,
        ReplyKind::Ack => CallKind::Notification,
        ReplyKind::Termination => CallKind::Termination,
    }
}
