//! What is told and recorded of one command, from its receipt to its one outcome.
//!
//! Promises: each command that was taken has exactly one outcome (INVARIANT: 7); one that is dropped without, by a panic or because its task
//! was cut, is told as lost. Nothing here is text of a caller or a server: labels, numbers, ids and names from the catalogue only.

mod found;
mod names;
mod outside;

use std::time::{Duration, SystemTime};

use portcullis_policy::permit::Origin;
use portcullis_policy::refusal::CorrelationId;
use portcullis_policy::{Exchange, Released};
use tokio::time::Instant;

use super::admission::Entry;
use super::port::{Records, Unrecorded};
use super::record::{Account, Decided, Named, Refusal};
use super::replay::InHand;
use crate::ops::Ops;
use crate::ops::event::{CallKind, CommandEvent, Event, NoAnswer, Times};
use crate::wire::address::ReplyAddress;
use crate::wire::command::Command;

use names::{call, decided, request};
pub use outside::{duplicate, nameless, unusable};

/// Watches over one command until its outcome is known.
pub struct Life<'a, R: Records> {
    ops: &'a Ops,
    records: &'a R,
    address: &'a ReplyAddress,
    command: Option<&'a Command>,
    correlation: CorrelationId,
    account: Account,
    intent: Option<R::Intent>,
    recorded: bool,
    age: Option<Duration>,
    kind: CallKind,
    method: &'static str,
    tool: String,
    policy: Named,
    observed: Option<Refusal>,
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
            command: None,
            correlation,
            account: Account::new(received),
            intent: None,
            recorded: false,
            age,
            kind: CallKind::Unusable,
            method: "",
            tool: String::new(),
            policy: Named::default(),
            observed: None,
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

    /// This is what it asks.
    pub fn asks(&mut self, command: &'a Command) {
        self.command = Some(command);
        self.left_out(&command.notices);
    }

    /// This policy decides about it.
    pub fn under(&mut self, policy: Named) {
        self.policy = policy;
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
    pub async fn intend(&mut self, exchange: &Exchange) -> Result<(), Unrecorded> {
        let decided = Decided {
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
            tool: &self.tool,
            session: self
                .command
                .and_then(|command| command.headers.first("mcp-session-id")),
            request: self.command.map(request).unwrap_or_default(),
            policy: self.policy,
            line: self.account.line,
            observed: self.observed,
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
