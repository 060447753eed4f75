//! What deciding must remember between messages.
//!
//! The calls in flight, so that a cancellation reaches its own call and no other (B12); the tasks, request states and subscriptions that calls
//! made, so that nobody else uses them (B9, B10, B14); what each tool of a session was last listed as; and how often a principal called a tool.
//! Plain memory, each part with a bound; the time is passed in. Sessions, subjects and ids are kept as keyed digests: a session id is a
//! credential.

mod bindings;
mod definitions;
mod kept;
mod live;
mod pages;
mod rates;
#[cfg(test)]
mod tests;

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::channel::Channel;
use crate::decide::Definition;
use crate::moment::Moment;
use crate::pin::Pin;
use definitions::Definitions;
use kept::Kept;
pub(crate) use kept::{About, LONGEST_TASK, OpenStream};
use live::Live;
pub(crate) use live::LiveCall;
use rates::Rates;

/// What deciding remembers.
#[derive(Default)]
pub struct Ledger {
    keyed: RandomState,
    live: Mutex<Live>,
    definitions: Mutex<Definitions>,
    rates: Mutex<Rates>,
    kept: Mutex<Kept>,
}

/// Whom a call is counted for: asserted by the control plane, so it may narrow a decision and never widen one.
#[derive(Hash)]
pub(crate) struct Principal<'a> {
    pub(crate) channel: &'a Channel,
    pub(crate) session: Option<&'a str>,
    pub(crate) subject: Option<&'a str>,
}

/// A principal as the ledger knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    channel: u64,
    digest: u64,
}

impl Ledger {
    /// Whose a message is.
    pub(crate) fn owner(&self, principal: &Principal<'_>) -> Owner {
        Owner {
            channel: self.digest(principal.channel),
            digest: self.digest(principal),
        }
    }

    fn digest(&self, of: impl Hash) -> u64 {
        self.keyed.hash_one(of)
    }

    /// Notes a complete listing of a server's tools, as one session of it was told: each name and the digest of its whole definition.
    ///
    /// It takes the place of what was noted before. A name that stands twice is noted as not seen (B4).
    pub fn note_listing(
        &self,
        channel: &Channel,
        session: Option<&str>,
        tools: &[(String, Pin)],
        now: Moment,
    ) {
        let key = self.keyed.hash_one((channel, session));
        lock(&self.definitions).note(key, tools, now);
    }

    /// What is known of a tool in a session.
    #[must_use]
    pub fn definition(&self, channel: &Channel, session: Option<&str>, tool: &str) -> Definition {
        let key = self.keyed.hash_one((channel, session));
        lock(&self.definitions).of(key, tool)
    }

    /// Takes one call of a tool from what a principal may call in a minute; whether there was one left.
    pub(crate) fn spend(
        &self,
        principal: &Principal<'_>,
        tool: &str,
        per_minute: u32,
        now: Moment,
    ) -> bool {
        let whose = (
            principal.channel,
            principal.session,
            principal.subject,
            tool,
        );
        lock(&self.rates).spend(self.keyed.hash_one(whose), per_minute, now)
    }

    /// Enters a call.
    pub(crate) fn enter(self: &Arc<Self>, owner: Owner, id: &[u8], upstream_id: u64) -> LiveCall {
        let key = self.digest((owner.digest, id));
        lock(&self.live).enter(key, upstream_id);
        LiveCall::new(Arc::clone(self), key, upstream_id)
    }

    /// The id we gave the one live call of this owner with this caller's id, if there is exactly one.
    pub(crate) fn find(&self, owner: Owner, id: &[u8]) -> Option<u64> {
        lock(&self.live).find(self.digest((owner.digest, id)))
    }
}

/// No code that can panic runs under these locks, so what they guard is whole even after a poisoning.
fn lock<T>(part: &Mutex<T>) -> MutexGuard<'_, T> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}
