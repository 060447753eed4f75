//! What is told and recorded of one command, from its receipt to its one outcome.
//!
//! Promises: each command that was taken has exactly one outcome (INVARIANT: 7); one that is dropped without, by a panic or because its task
//! was cut, is told as lost. Nothing here is text of a caller or a server: labels, numbers, ids and names from the catalogue only.

use std::time::{Duration, SystemTime};

use portcullis_policy::permit::{Ignored, Origin, ReplyKind, Verdict};
use portcullis_policy::refusal::{CorrelationId, Line, Reason};
use portcullis_policy::{Exchange, Failure, Released};
use tokio::time::Instant;

use super::admission::Entry;
use super::port::{Records, Unrecorded};
use super::record::{Account, Decided, Refusal};
use super::replay::InHand;
use crate::ops::Ops;
use crate::ops::event::{Call, CallKind, CommandEvent, Event, NoAnswer, Side, Times};
use crate::wire::address::ReplyAddress;
use crate::wire::command::{Command, CommandKind, Notice, Unusable};

/// Watches over one command until its outcome is known.
pub struct Life<'a, R: Records> {
    ops: &'a Ops,
    records: &'a R,
    address: &'a ReplyAddress,
    correlation: CorrelationId,
    account: Account,
    intent: Option<R::Intent>,
    recorded: bool,
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

impl<'a, R: Records> Life<'a, R> {
    /// Begins to watch. `age` is how old the command was when it was received.
    #[must_use]
    pub fn open(
        (ops, records): (&'a Ops, &'a R),
        address: &'a ReplyAddress,
        (in_hand, entry): (InHand<'a>, Entry),
        correlation: CorrelationId,
        (received, created_at): (Instant, Option<SystemTime>),
    ) -> Self {
        let now = SystemTime::now();
        let age = created_at.and_then(|then| now.duration_since(then).ok());
        let life = Self {
            ops,
            records,
            address,
            correlation,
            account: Account::new(received),
            intent: None,
            recorded: false,
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
        self.account.began();
        let waited = self.account.age();
        self.tell(CommandEvent::Began { waited });
    }

    /// Records that it is about to go to its server. Never given up half-way: an intent that was written has its outcome.
    ///
    /// # Errors
    /// [`Unrecorded`]: it may not go.
    pub async fn intend(
        &mut self,
        command: &Command,
        exchange: &Exchange,
    ) -> Result<(), Unrecorded> {
        let tool = exchange.ask().and_then(|ask| ask.tool.as_deref());
        let decided = Decided {
            tool: tool.unwrap_or_default(),
            session: command.headers.first("mcp-session-id"),
            request: request(command),
            line: exchange.line().0,
            ..self.decided()
        };
        self.intent = Some(self.records.intent(&decided).await?);
        Ok(())
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

    /// A panic was caught.
    pub fn panicked(&mut self) {
        self.tell(CommandEvent::Panicked);
    }

    /// This is what will be posted.
    pub fn answers(&mut self, reply: &Released) {
        if reply.origin() == Origin::Acknowledgement {
            self.account.found("permit", "", None);
        }
        self.account.sealed(reply);
    }

    /// The one reply was posted with this `resp_code`.
    pub fn posted(mut self, code: u16) {
        let since_receipt = self.account.age();
        let times = Times {
            since_receipt,
            since_creation: self.age.map(|age| age + since_receipt),
        };
        let replied = CommandEvent::Replied {
            code,
            kind: self.kind,
            method: self.method,
            times,
        };
        self.settle(Ok(code), replied);
    }

    /// The one reply was not taken.
    pub fn post_failed(self, error: &str) {
        self.tell(CommandEvent::PostFailed { error });
        self.unanswered(NoAnswer::PostFailed);
    }

    /// There is no reply, for this reason.
    pub fn unanswered(mut self, why: NoAnswer) {
        self.settle(Err(why.label()), CommandEvent::Unanswered { why });
    }

    /// The one end of the command, told and recorded: an outcome if it was to go to its server, else a refusal.
    fn settle(&mut self, reply: Result<u16, &'static str>, event: CommandEvent<'_>) {
        self.settled = true;
        if self.unposted > 0 {
            let count = self.unposted;
            self.tell(CommandEvent::NotificationsDropped { count });
        }
        self.tell(event);
        match (self.intent.take(), reply) {
            (Some(intent), reply) => self.records.outcome(intent, &self.account.ended(reply)),
            (None, Ok(_)) => self.record_refusal(),
            (None, Err(why)) if !self.recorded => {
                self.account.found("failed", why, None);
                self.record_refusal();
            }
            (None, Err(_)) => {}
        }
    }

    /// Once, and only of what does not go to its server.
    fn record_refusal(&mut self) {
        if self.intent.is_none() && !self.recorded {
            self.recorded = true;
            self.records
                .refusal(&self.decided(), &self.account.refusal());
        }
    }

    fn decided(&self) -> Decided<'_> {
        Decided {
            kind: self.kind.label(),
            method: self.method,
            line: self.account.line,
            ..decided(self.address, self.correlation)
        }
    }

    fn tell(&self, event: CommandEvent<'_>) {
        let call = call(self.address, self.correlation);
        self.ops.emit(Event::Command(call, event));
    }
}

impl<R: Records> Drop for Life<'_, R> {
    fn drop(&mut self) {
        if !self.settled {
            self.settle(Err("lost"), CommandEvent::Lost);
        }
        let began = self.began;
        self.tell(CommandEvent::Left { began });
    }
}

/// A command came again: it is told of and recorded, not carried out and not answered again (E2).
pub fn duplicate<R: Records>(
    address: &ReplyAddress,
    correlation: CorrelationId,
    ops: &Ops,
    records: &R,
) {
    let call = call(address, correlation);
    ops.emit(Event::Command(call, CommandEvent::Duplicate));
    let reason = NoAnswer::Duplicate.label();
    records.refusal(&decided(address, correlation), &Refusal { reason, line: 0 });
}

/// An element cannot be carried out.
pub fn unusable(unusable: &Unusable, ops: &Ops) {
    let (request_id, channel) = match &unusable.address {
        Some(address) => (address.request_id.as_str(), address.channel.as_str()),
        None => ("", ""),
    };
    let call = Call {
        request_id,
        correlation: 0,
        channel,
    };
    let event = CommandEvent::Unusable {
        reason: unusable.reason.label(),
        answerable: unusable.address.is_some(),
    };
    ops.emit(Event::Command(call, event));
}

/// An element names nobody to answer.
pub fn nameless<R: Records>(unusable: &Unusable, records: &R) {
    let reason = unusable.reason.label();
    records.refusal(&NAMELESS, &Refusal { reason, line: 0 });
}

const NAMELESS: Decided<'static> = Decided {
    correlation: 0,
    request_id: "",
    channel: "",
    kind: CallKind::Unusable.label(),
    method: "",
    tool: "",
    session: None,
    request: &[],
    line: 0,
};

fn decided(address: &ReplyAddress, correlation: CorrelationId) -> Decided<'_> {
    Decided {
        correlation: correlation.0,
        request_id: address.request_id.as_str(),
        channel: address.channel.as_str(),
        ..NAMELESS
    }
}

fn request(command: &Command) -> &[u8] {
    match &command.kind {
        CommandKind::Jsonrpc(body) => body,
        CommandKind::SessionTermination => &[],
    }
}

/// How events name a command.
fn call(address: &ReplyAddress, correlation: CorrelationId) -> Call<'_> {
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
