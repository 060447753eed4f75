//! One permitted message at its server: send it, judge what comes back, answer what the server asks, and tell it when nobody waits any more.

use std::pin::pin;
use std::time::Duration;

use portcullis_policy::permit::Verdict;
use portcullis_policy::{
    Exchange, Failure, FailureKind, FailureSource, Permitted, Reason, Released, Step,
};

use super::budget::Budget;
use super::in_force;
use super::life::Life;
use super::pipeline::Relay;
use super::port::{Answer, ControlPlane, PostError, Records, Upstream};
use crate::ops::event::{Event, ServerEvent};
use crate::runtime::deadline::Deadline;
use crate::wire::address::ReplyAddress;

/// How long one notification may take at the service, one message of our own at a server: neither may spend the time of the call.
const ASIDE: Duration = Duration::from_secs(5);

/// What a caller is told whose notification is taken.
const ACCEPTED: u16 = 202;

/// How a call ended at its server.
pub(super) enum Ended {
    /// With this reply; the server is done with it.
    Reply(Released),
    /// With this reply, while the server may still be at work.
    GivenUp(Released),
    /// What expects no answer was taken.
    Acknowledge,
}

impl<C: ControlPlane, U: Upstream, R: Records> Relay<C, U, R> {
    pub(super) async fn forward(
        &self,
        to: &ReplyAddress,
        permitted: Permitted,
        exchange: &mut Exchange,
        budget: Budget,
        life: &mut Life<'_, R>,
    ) -> Ended {
        if let Some(call) = exchange.ends_stream() {
            self.streams.end(call);
            exchange.begin(ACCEPTED, &[]);
            return Ended::Acknowledge;
        }
        life.sent();
        let calling = pin!(self.upstream.call(permitted, budget.deadline()));
        let mut answer = match self.while_permitted(exchange, calling).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(failure)) => {
                self.ledger.lost(&to.channel);
                self.tell_server(to, failed(failure));
                return no_answer(failure, exchange, life);
            }
            Err(no) => return forbidden(no, exchange, life),
        };
        let status = answer.status();
        self.tell_server(to, ServerEvent::Reached { status });
        life.sent_under(answer.generation());
        exchange.begin(status, answer.headers());
        if !exchange.awaits_answer() {
            return Ended::Acknowledge;
        }
        self.listen(to, &mut answer, exchange, budget.deadline(), life)
            .await
    }

    /// Judges the messages of the server until one of them ends the call.
    async fn listen(
        &self,
        to: &ReplyAddress,
        answer: &mut U::Answer,
        exchange: &mut Exchange,
        deadline: Deadline,
        life: &mut Life<'_, R>,
    ) -> Ended {
        let mut notifying = true;
        loop {
            let next = self.while_permitted(exchange, pin!(answer.next())).await;
            let text = match next {
                Ok(Ok(Some(text))) => text,
                Ok(Ok(None)) => return no_answer(ended_early(answer.status()), exchange, life),
                Ok(Err(failure)) => return no_answer(failure, exchange, life),
                Err(no) => return forbidden(no, exchange, life),
            };
            life.heard();
            let step = exchange.judge(text, &self.policy.current().policy);
            self.tell_changes();
            match step {
                Step::Notify(notice) if notifying && !deadline.has_passed() => {
                    notifying = self.notify(to, notice, deadline, life).await;
                }
                Step::Notify(_) => life.unposted(),
                Step::Reply(own) => self.answer_server(own, deadline, life).await,
                Step::Ignore(ignored) => life.ignored(ignored),
                Step::Final(reply, verdict) => {
                    life.removed(exchange.removed());
                    life.judged(verdict);
                    return ended(reply, verdict);
                }
            }
        }
    }

    /// Posts a notification. After one that is not taken the rest are dropped: the answer matters more (wire sheet 8.3, DP-063, DP-064).
    async fn notify(
        &self,
        to: &ReplyAddress,
        notice: Released,
        deadline: Deadline,
        life: &mut Life<'_, R>,
    ) -> bool {
        let within = deadline.capped(ASIDE);
        let posted = within.bound(self.control.post(to, notice, within)).await;
        let posted = posted.unwrap_or(Err(PostError::Timeout));
        if let Err(error) = &posted {
            life.notify_failed(&error.to_string());
        }
        posted.is_ok()
    }

    /// Answers a request of the server; the call goes on whether it is taken or not (W-11).
    async fn answer_server(&self, own: Permitted, deadline: Deadline, life: &mut Life<'_, R>) {
        let within = deadline.capped(ASIDE);
        let answered = within.bound(self.upstream.call(own, within)).await;
        if let Err(failure) = answered.unwrap_or_else(|_| Err(timed_out())) {
            life.own_answer_failed(failure);
        }
    }

    /// Tells the server that nobody waits for its answer, as well as that can be done (W-18).
    pub(super) async fn cancel(&self, cancel: Option<Permitted>) {
        if let Some(cancel) = cancel {
            let within = Deadline::within(ASIDE);
            let _ = within.bound(self.upstream.call(cancel, within)).await;
        }
    }

    fn tell_server(&self, to: &ReplyAddress, event: ServerEvent) {
        self.ops.emit(Event::Server(to.channel.as_str(), event));
    }
}

fn failed(failure: Failure) -> ServerEvent {
    ServerEvent::Failed {
        source: failure.source().label(),
        kind: failure.kind().label(),
    }
}

fn no_answer<R: Records>(failure: Failure, exchange: &Exchange, life: &mut Life<'_, R>) -> Ended {
    life.failed(failure);
    let reply = exchange.fail(failure);
    let at_work = failure.source() == FailureSource::Timeout
        || failure.kind() == FailureKind::ResponseBodyTooLarge;
    if at_work {
        Ended::GivenUp(reply)
    } else {
        Ended::Reply(reply)
    }
}

/// A policy came into force that does not permit the call.
fn forbidden<R: Records>(
    (reason, line): in_force::Ended,
    exchange: &Exchange,
    life: &mut Life<'_, R>,
) -> Ended {
    let verdict = Verdict::Refused(reason, line);
    life.judged(verdict);
    ended(exchange.refuse(reason), verdict)
}

/// A call that a limit or a tightened policy ends is ended in the middle of its answer.
fn ended(reply: Released, verdict: Verdict) -> Ended {
    match verdict {
        Verdict::Refused(Reason::StreamLimit | Reason::PolicyTightened, _) => Ended::GivenUp(reply),
        Verdict::Refused(..) | Verdict::Released { .. } | Verdict::Failed(..) => {
            Ended::Reply(reply)
        }
    }
}

/// The answer ended without being one.
fn ended_early(status: u16) -> Failure {
    if (200..300).contains(&status) {
        Failure::new(FailureSource::TransportClosed, FailureKind::Eof)
    } else {
        Failure::status(status, FailureKind::ResponseBodyMissing)
    }
}

const fn timed_out() -> Failure {
    Failure::new(FailureSource::Timeout, FailureKind::Timeout)
}
