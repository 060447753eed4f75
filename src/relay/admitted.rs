//! The judgement of one message of the caller; of a pinned call that nothing is known for yet, after a listing.

use std::pin::pin;
use std::time::SystemTime;

use bytes::Bytes;
use portcullis_policy::{
    Exchange, Facts, Found, Inbound, Listing, Moment, Permitted, Reason, Refused,
};

use super::budget::Budget;
use super::life::Life;
use super::pipeline::Relay;
use super::port::{ControlPlane, Records, Upstream};
use crate::ops::event::{Changed, DefinitionEvent, Event};
use crate::wire::command::{Command, CommandKind};

impl<C: ControlPlane, U: Upstream, R: Records> Relay<C, U, R> {
    /// Judges a message, after a listing if its tool is pinned and nothing is known of it yet. Without one the answer is no (INVARIANT: 4).
    pub(super) async fn admit_listed(
        &self,
        command: &Command,
        budget: Budget,
        life: &mut Life<'_, R>,
    ) -> Result<(Permitted, Exchange), Box<Refused>> {
        let refused = match self.admit(command, life) {
            Err(refused) if refused.reason() == Reason::PinUnseen => refused,
            judged => return judged,
        };
        let Some(mut listing) = self.listing_before(command) else {
            return Err(refused);
        };
        life.arrived(true);
        // Stopped or not, what is known then decides.
        let _ = self
            .until(budget, pin!(self.list(command, &mut listing)))
            .await;
        self.tell_changes();
        match self.admit(command, life) {
            Err(refused) if refused.reason() == Reason::PinUnseen && !listing.is_known() => {
                Err(listing.refuse(life.correlation()))
            }
            judged => judged,
        }
    }

    /// Tells of every pinned definition that was found to be another.
    pub(super) fn tell_changes(&self) {
        for change in self.ledger.changes() {
            let tool = change.tool.as_deref().unwrap_or_default();
            let found = match change.found {
                Found::Listed(pin) => pin.to_string(),
                Found::Missing | Found::AsPinned => String::new(),
            };
            let changed = Changed {
                tool,
                pinned: &change.pinned.to_string(),
                found: &found,
                line: change.line.0,
            };
            let event = match change.found {
                Found::AsPinned => DefinitionEvent::Restored { tool },
                Found::Listed(_) | Found::Missing => DefinitionEvent::Changed(&changed),
            };
            let channel = change.channel.as_str();
            self.ops.emit(Event::Definition(channel, event));
        }
    }

    fn admit(
        &self,
        command: &Command,
        life: &mut Life<'_, R>,
    ) -> Result<(Permitted, Exchange), Box<Refused>> {
        let force = self.policy.current();
        life.under(force.named);
        let facts = Facts {
            upstream_id: self.fresh.rpc_id(),
            correlation: life.correlation(),
            now: now(),
        };
        let (channel, headers) = (&command.address.channel, command.headers.as_pairs());
        match &command.kind {
            CommandKind::Jsonrpc(body) => {
                let inbound = inbound(command, body);
                force.policy.admit(&inbound, facts, &self.ledger)
            }
            CommandKind::SessionTermination => {
                force.policy.admit_termination(channel, headers, facts)
            }
        }
    }

    /// The listing that must come before a pinned call.
    fn listing_before(&self, command: &Command) -> Option<Listing> {
        match &command.kind {
            CommandKind::Jsonrpc(body) => {
                let inbound = inbound(command, body);
                let force = self.policy.current();
                force.policy.list_first(&inbound, &self.ledger, now())
            }
            CommandKind::SessionTermination => None,
        }
    }
}

fn inbound<'a>(command: &'a Command, body: &Bytes) -> Inbound<'a> {
    Inbound {
        channel: &command.address.channel,
        headers: command.headers.as_pairs(),
        body: body.clone(),
    }
}

fn now() -> Moment {
    Moment::after_epoch(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default())
}
