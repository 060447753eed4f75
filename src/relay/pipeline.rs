//! The whole story of one command on one screen: [`Relay::handle`].

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use portcullis_policy::refusal::CorrelationId;
use portcullis_policy::{
    Exchange, Facts, Failure, FailureKind, FailureSource, Inbound, Ledger, Permitted, PolicySet,
    Refused, Released, Step,
};
use tokio::time::Instant;
use tracing::{debug, warn};

use super::admission::Admission;
use super::outcome::{NoReply, Outcome};
use super::port::{Answer, ControlPlane, PostError, Upstream};
use super::refuse;
use crate::runtime::deadline::Deadline;
use crate::runtime::fresh::Fresh;
use crate::wire::address::ReplyAddress;
use crate::wire::command::{Command, CommandKind, Polled, Unusable};

/// Everything one command needs on its way.
pub struct Relay<C, U> {
    /// The door to the service.
    pub control: C,
    /// The door to the private servers.
    pub upstream: U,
    /// The policy in force.
    pub policy: Arc<PolicySet>,
    /// What deciding remembers.
    pub ledger: Arc<Ledger>,
    /// The places for commands.
    pub admission: Admission,
    /// Ids and correlation ids.
    pub fresh: Fresh,
    /// The longest one command may take, whatever the service asks for (E9, W-04).
    pub longest: Duration,
}

/// When a command is over, and whether the service set that moment.
#[derive(Clone, Copy)]
struct Budget {
    deadline: Deadline,
    by_service: Option<Deadline>,
}

impl<C: ControlPlane, U: Upstream> Relay<C, U> {
    /// Takes one polled element to its one outcome. A panic on the way refuses (threat F1).
    ///
    /// INVARIANT: 4 (a failing decision is a no) and 10 (each kind has its own arm).
    pub async fn handle(&self, polled: Polled, received: Instant) {
        let command = match polled {
            Polled::Command(command) => command,
            Polled::Unusable(unusable) => return self.reply_unusable(unusable).await,
        };
        let outcome = Outcome::open(&command.address.request_id);
        refuse::record_notices(&command);
        let budget = self.budget(&command, received);
        if budget.expired_by_service() {
            return outcome.unanswered(NoReply::Expired);
        }
        let run = AssertUnwindSafe(self.run(&command, budget))
            .catch_unwind()
            .await;
        let reply = run.unwrap_or_else(|_| Some(self.refusal_after_panic(&command)));
        match reply {
            Some(reply) if !budget.expired_by_service() => {
                self.post(outcome, &command.address, reply, budget).await;
            }
            Some(_) | None => outcome.unanswered(NoReply::Expired),
        }
    }

    /// Judge, forward, judge: the reply to post, or none once the service's own deadline passed.
    async fn run(&self, command: &Command, budget: Budget) -> Option<Released> {
        let (permitted, mut exchange) = match self.admit(command) {
            Ok(proofs) => proofs,
            Err(refused) => {
                refuse::record_refused(&command.address.channel, &refused);
                return Some(refused.into_released());
            }
        };
        refuse::record_permitted(&command.address.channel, &exchange);
        let work = async {
            // What expects no answer waits for no turn: a cancellation must not queue behind the calls it ends.
            let _turn = if exchange.awaits_answer() {
                self.admission.turn(&command.address.channel).await
            } else {
                None
            };
            self.forward(command, permitted, &mut exchange, budget.deadline)
                .await
        };
        let ended = budget.deadline.bound(work).await;
        match ended {
            Ok(End::Reply(reply)) => Some(reply),
            Ok(End::Acknowledge) => Some(exchange.acknowledge()),
            Err(_) if budget.expired_by_service() => None,
            Err(_) => {
                Some(exchange.fail(Failure::new(FailureSource::Timeout, FailureKind::Timeout)))
            }
        }
    }

    fn admit(&self, command: &Command) -> Result<(Permitted, Exchange), Box<Refused>> {
        let facts = self.facts();
        let channel = &command.address.channel;
        match &command.kind {
            CommandKind::Jsonrpc(body) => {
                let inbound = Inbound {
                    channel,
                    headers: command.headers.as_pairs(),
                    body: body.clone(),
                };
                self.policy.admit(&inbound, facts, &self.ledger)
            }
            CommandKind::SessionTermination => {
                self.policy
                    .admit_termination(channel, command.headers.as_pairs(), facts)
            }
        }
    }

    async fn forward(
        &self,
        command: &Command,
        permitted: Permitted,
        exchange: &mut Exchange,
        deadline: Deadline,
    ) -> End {
        let mut answer = match self.upstream.call(permitted, deadline).await {
            Ok(answer) => answer,
            Err(failure) => return End::Reply(failed(command, exchange, failure)),
        };
        exchange.begin(answer.status(), answer.headers());
        if !exchange.awaits_answer() {
            return End::Acknowledge;
        }
        let mut notifying = true;
        loop {
            let text = match answer.next().await {
                Ok(Some(text)) => text,
                Ok(None) => {
                    return End::Reply(failed(command, exchange, ended_early(answer.status())));
                }
                Err(failure) => return End::Reply(failed(command, exchange, failure)),
            };
            match exchange.judge(text, &self.policy) {
                Step::Notify(notice) if notifying => {
                    notifying = self.notify(&command.address, notice, deadline).await
                }
                Step::Notify(_) => {}
                Step::Reply(own) => self.answer_server(own, deadline).await,
                Step::Ignore(ignored) => refuse::record_ignored(
                    &command.address.channel,
                    exchange.correlation(),
                    ignored,
                ),
                Step::Final(reply, verdict) => {
                    refuse::record_verdict(
                        &command.address.channel,
                        exchange.correlation(),
                        verdict,
                    );
                    return End::Reply(reply);
                }
            }
        }
    }

    /// Posts a notification. After one that is not taken the rest are dropped: the answer matters more (wire sheet 8.3, DP-064).
    async fn notify(&self, to: &ReplyAddress, notice: Released, deadline: Deadline) -> bool {
        let posted = self.control.post(to, notice, deadline).await;
        if let Err(error) = &posted {
            warn!(request_id = %to.request_id, %error, "dropped the notifications of this command");
        }
        posted.is_ok()
    }

    /// Answers a request of the server; the call goes on whether it is taken or not (W-11).
    async fn answer_server(&self, own: Permitted, deadline: Deadline) {
        if let Err(failure) = self.upstream.call(own, deadline).await {
            debug!(
                kind = failure.kind().label(),
                "could not answer the server's own request"
            );
        }
    }

    async fn post(&self, outcome: Outcome, to: &ReplyAddress, reply: Released, budget: Budget) {
        let code = reply.code();
        match self.control.post(to, reply, budget.for_post()).await {
            Ok(_) => outcome.posted(code),
            Err(PostError::Timeout) if budget.expired_by_service() => {
                outcome.unanswered(NoReply::Expired)
            }
            Err(error) => {
                warn!(request_id = %to.request_id, %error, "could not post the reply");
                outcome.unanswered(NoReply::PostFailed);
            }
        }
    }

    /// A command that cannot be used is answered all the same if it says whom to answer (W-51).
    async fn reply_unusable(&self, unusable: Unusable) {
        let correlation = CorrelationId(self.fresh.correlation());
        let answerable = unusable.address.is_some();
        warn!(decision = "deny", reason = unusable.reason.label(), %correlation, answerable, "refused an unusable command");
        let Some(address) = unusable.address else {
            return;
        };
        let outcome = Outcome::open(&address.request_id);
        let deadline = Deadline::within(self.longest);
        self.post(
            outcome,
            &address,
            Released::unusable_command(correlation),
            Budget {
                deadline,
                by_service: None,
            },
        )
        .await;
    }

    fn refusal_after_panic(&self, command: &Command) -> Released {
        let correlation = CorrelationId(self.fresh.correlation());
        warn!(request_id = %command.address.request_id, %correlation, decision = "deny", reason = "decision_failed", "refused after a panic");
        let body = match &command.kind {
            CommandKind::Jsonrpc(body) => Some(body),
            CommandKind::SessionTermination => None,
        };
        Released::decision_failed(body, correlation)
    }

    fn facts(&self) -> Facts {
        Facts {
            upstream_id: self.fresh.rpc_id(),
            correlation: CorrelationId(self.fresh.correlation()),
        }
    }

    fn budget(&self, command: &Command, received: Instant) -> Budget {
        let ours = Deadline::after(received, self.longest);
        let by_service = command
            .response_timeout
            .map(|length| Deadline::after(received, length));
        Budget {
            deadline: by_service.map_or(ours, |theirs| theirs.and(ours)),
            by_service,
        }
    }
}

enum End {
    Reply(Released),
    Acknowledge,
}

/// Time a reply has to be posted when the command itself used all of its own.
const LAST_POST: Duration = Duration::from_secs(30);

impl Budget {
    fn expired_by_service(self) -> bool {
        self.by_service.is_some_and(Deadline::has_passed)
    }

    /// A post may not outlive the service's deadline; past our own it still gets a moment, so that the caller hears of it (W-17).
    fn for_post(self) -> Deadline {
        let last = Deadline::within(LAST_POST);
        self.by_service.map_or(last, |theirs| theirs.and(last))
    }
}

fn failed(command: &Command, exchange: &Exchange, failure: Failure) -> Released {
    let verdict = portcullis_policy::permit::Verdict::Failed(failure, None);
    refuse::record_verdict(&command.address.channel, exchange.correlation(), verdict);
    exchange.fail(failure)
}

/// The answer ended without being one.
fn ended_early(status: u16) -> Failure {
    if (200..300).contains(&status) {
        Failure::new(FailureSource::TransportClosed, FailureKind::Eof)
    } else {
        Failure::status(status, FailureKind::ResponseBodyMissing)
    }
}
