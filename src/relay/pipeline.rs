//! The whole story of one command on one screen: [`Relay::handle`].

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use portcullis_policy::refusal::CorrelationId;
use portcullis_policy::{Ledger, Reason, Released};
use tokio::time::Instant;

use super::admission::{Admission, Entry};
use super::budget::Budget;
use super::end::{End, refused, refused_after_panic, refused_by_policy, stopped};
use super::forward::Ended;
use super::in_force::InForce;
use super::life::{self, Life};
use super::listing::Listings;
use super::port::{ControlPlane, PostError, Records, Upstream};
use super::replay::Replay;
use super::streams::Streams;
use crate::ops::Ops;
use crate::ops::event::{NoAnswer, Side};
use crate::runtime::caught::{Panicked, caught};
use crate::runtime::fresh::Fresh;
use crate::runtime::slot::Slot;
use crate::wire::address::ReplyAddress;
use crate::wire::command::{Command, Polled, Unusable};

/// Everything one command needs on its way.
pub struct Relay<C, U, R> {
    /// The door to the service.
    pub control: C,
    /// The door to the private servers.
    pub upstream: U,
    /// The policy in force.
    pub policy: Arc<Slot<InForce>>,
    /// What deciding remembers.
    pub ledger: Arc<Ledger>,
    /// The places for commands.
    pub admission: Admission,
    /// The commands taken a short while ago.
    pub replay: Replay,
    /// The listings that pinned calls wait for.
    pub listings: Listings,
    /// The calls that end with their streams.
    pub streams: Streams,
    /// Ids and correlation ids.
    pub fresh: Fresh,
    /// What is kept for good.
    pub records: R,
    /// What operators are told, and the gate.
    pub ops: Arc<Ops>,
    /// The longest one command may take, whatever the service asks for (E9, W-04).
    pub longest: Duration,
}

impl<C: ControlPlane, U: Upstream, R: Records> Relay<C, U, R> {
    /// Takes one polled element to its one outcome. A panic on the way refuses (threat F1).
    ///
    /// INVARIANT: 4 (a failing decision is a no) and 10 (each kind has its own arm).
    pub async fn handle(&self, polled: Polled, received: Instant, entry: Entry) {
        match polled {
            Polled::Command(command) => self.carry_out(&command, received, entry).await,
            Polled::Unusable(unusable) => self.answer_unusable(&unusable, received, entry).await,
        }
    }

    async fn carry_out(&self, command: &Command, received: Instant, entry: Entry) {
        let times = (received, command.created_at);
        let Some(mut life) = self.open(&command.address, entry, times) else {
            return;
        };
        life.asks(command);
        let budget = Budget::new(received, self.longest, command.response_timeout);
        let run = caught(self.run(command, budget, &mut life)).await;
        let end = run.unwrap_or_else(|Panicked| refused_after_panic(command, &mut life));
        self.conclude(life, &command.address, end, budget).await;
    }

    /// Judge, wait, forward, judge.
    async fn run(&self, command: &Command, budget: Budget, life: &mut Life<'_, R>) -> End {
        let (permitted, mut exchange) = match self.admit_listed(command, budget, life).await {
            Ok(proofs) => proofs,
            Err(refused) => return refused_by_policy(*refused, life),
        };
        life.permitted(&exchange);
        let wanted = self.streams.open(exchange.ends_with_stream());
        let turn = self.its_turn(command, &exchange, (budget, &wanted), life);
        let place = match turn.await {
            Ok(place) => place,
            Err(end) => return end,
        };
        life.began();
        if !exchange.is_still_as_listed() {
            return refused(&exchange, Reason::ListingFailed, life);
        }
        if life.intend(&exchange).await.is_err() {
            return refused(&exchange, Reason::AuditUnavailable, life);
        }
        let ended = {
            let forward = self.forward(&command.address, permitted, &mut exchange, budget, life);
            self.while_wanted(budget, &wanted, pin!(forward)).await
        };
        drop(place);
        match ended {
            Ok(Ended::Acknowledge) => End::reply(exchange.acknowledge()),
            Ok(Ended::Reply(reply)) => End::reply(reply),
            Ok(Ended::GivenUp(reply)) => End {
                cancel: exchange.cancel(),
                ..End::reply(reply)
            },
            Err(stop) => End {
                cancel: exchange.cancel().filter(|_| life.was_sent()),
                ..stopped(&stop, &exchange, budget, life)
            },
        }
    }

    /// Posts the reply, and beside it tells the server that nobody waits. A panic in either is the end of this command and of no other.
    async fn conclude(&self, life: Life<'_, R>, to: &ReplyAddress, end: End, budget: Budget) {
        let reply = async {
            match end.reply {
                Some(reply) if !budget.expired_by_service() => {
                    self.post(life, to, reply, budget).await;
                }
                Some(_) | None => life.unanswered(NoAnswer::Expired),
            }
        };
        // A panic has dropped `life` on its way here, and so was told.
        let _ = tokio::join!(caught(reply), caught(self.cancel(end.cancel)));
    }

    async fn post(
        &self,
        mut life: Life<'_, R>,
        to: &ReplyAddress,
        reply: Released,
        budget: Budget,
    ) {
        let (code, within) = (reply.code(), budget.for_post());
        life.answers(&reply);
        let posted = within.bound(self.control.post(to, reply, within)).await;
        match posted.unwrap_or(Err(PostError::Timeout)) {
            Ok(_) => life.posted(code),
            Err(PostError::Timeout) if budget.expired_by_service() => {
                life.unanswered(NoAnswer::Expired);
            }
            Err(error) => life.post_failed(&error.to_string()),
        }
    }

    /// A command that cannot be used is answered all the same if it says whom to answer (W-51).
    async fn answer_unusable(&self, unusable: &Unusable, received: Instant, entry: Entry) {
        life::unusable(unusable, &self.ops);
        let Some(address) = &unusable.address else {
            return life::nameless(unusable, self.policy.current().named, &self.records);
        };
        let Some(mut life) = self.open(address, entry, (received, None)) else {
            return;
        };
        let reply = Released::unusable_command(life.correlation());
        life.refused(Side::Request, reply.kind(), Reason::UnusableCommand, None);
        let budget = Budget::new(received, self.longest, None);
        self.conclude(life, address, End::reply(reply), budget)
            .await;
    }

    /// Takes a command in hand; one that was taken before is told of and not carried out again (E2).
    fn open<'a>(
        &'a self,
        address: &'a ReplyAddress,
        entry: Entry,
        times: (Instant, Option<SystemTime>),
    ) -> Option<Life<'a, R>> {
        let correlation = CorrelationId(self.fresh.correlation());
        let Some(in_hand) = self.replay.enter(&address.request_id) else {
            let named = (correlation, self.policy.current().named);
            life::duplicate(address, named, &self.ops, &self.records);
            return None;
        };
        let told = (self.ops.as_ref(), &self.records);
        let held = (in_hand, entry);
        let mut life = Life::open(told, address, held, correlation, times);
        life.under(self.policy.current().named);
        Some(life)
    }
}
