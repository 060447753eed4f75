//! What a command waits for: its turn, and the end of its work, for as long as that may take.

use std::pin::{Pin, pin};

use futures_util::FutureExt;
use futures_util::future::{Either, ready};
use portcullis_policy::{Exchange, Reason};

use super::admission::{Full, Place};
use super::budget::Budget;
use super::end::{End, Stop, refused, stopped};
use super::life::Life;
use super::pipeline::Relay;
use super::port::{ControlPlane, Records, Upstream};
use super::streams::Wanted;
use crate::wire::command::Command;

impl<C: ControlPlane, U: Upstream, R: Records> Relay<C, U, R> {
    /// Waits for a place at its channel; it may be refused meanwhile.
    pub(super) async fn its_turn(
        &self,
        command: &Command,
        exchange: &Exchange,
        (budget, wanted): (Budget, &Wanted<'_>),
        life: &mut Life<'_, R>,
    ) -> Result<Place, End> {
        let turn = match self.turn(command, exchange, life) {
            Ok(turn) => pin!(turn),
            Err(Full) => return Err(refused(exchange, Reason::ChannelBusy, life)),
        };
        let turn = pin!(self.while_permitted(exchange, turn));
        match self.while_wanted(budget, wanted, turn).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err((reason, _))) => Err(refused(exchange, reason, life)),
            Err(stop) => Err(stopped(&stop, exchange, budget, life)),
        }
    }

    /// What expects no answer waits for no turn: a cancellation must not queue behind the calls it ends.
    fn turn(
        &self,
        command: &Command,
        exchange: &Exchange,
        life: &mut Life<'_, R>,
    ) -> Result<impl Future<Output = Place> + use<C, U, R>, Full> {
        let channel = &command.address.channel;
        let turn = if exchange.awaits_answer() {
            self.admission.queue(channel).map(Either::Left)
        } else {
            self.admission.beside(channel).map(Either::Right)
        };
        life.arrived(turn.is_ok());
        turn.map(|turn| match turn {
            Either::Left(queued) => queued.turn().left_future(),
            Either::Right(place) => ready(place).right_future(),
        })
    }

    /// As [`Self::until`], and no longer than the caller wants it.
    pub(super) async fn while_wanted<F: Future>(
        &self,
        budget: Budget,
        wanted: &Wanted<'_>,
        work: Pin<&mut F>,
    ) -> Result<F::Output, Stop> {
        tokio::select! {
            biased;
            () = wanted.ended() => Err(Stop::Cancelled),
            done = self.until(budget, work) => done,
        }
    }

    /// Works until it is done, the time is over or the gate is lowered. Work is not begun once it may not be. It is pinned where it is:
    /// handed over, it would be copied and take its room twice.
    pub(super) async fn until<F: Future>(
        &self,
        budget: Budget,
        work: Pin<&mut F>,
    ) -> Result<F::Output, Stop> {
        tokio::select! {
            biased;
            () = self.ops.gate.lowered() => Err(Stop::Lowered),
            () = budget.deadline().passed() => Err(Stop::Deadline),
            done = work => Ok(done),
        }
    }
}
