//! What deciding must remember between messages.
//!
//! The calls in flight, so that a cancellation reaches its own call and no other (B12); the tasks, request states and subscriptions that calls
//! made, so that nobody else uses them (B9, B10, B14); what each tool of a session was last listed as; and how often a principal called a tool.
//! Plain memory, each part with a bound; the time is passed in. Sessions, subjects and ids are kept as keyed digests: a session id is a
//! credential.

mod bindings;
mod changes;
mod definitions;
mod kept;
mod live;
mod pages;
mod rates;
#[cfg(test)]
mod tests;
mod whose;

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::channel::Channel;
use crate::decide::Definition;
use crate::gate::Node;
use crate::headers::{self, Header};
use crate::mirror::Mirror;
use crate::moment::Moment;
use crate::pin::{Pin, Sha256};
use changes::Changes;
pub use changes::{Found, PinChange};
use definitions::Definitions;
pub(crate) use definitions::{Sight, Sights};
use kept::Kept;
pub(crate) use kept::{About, LONGEST_TASK, OpenStream};
use live::Live;
pub(crate) use live::{InFlight, LiveCall};
use rates::Rates;
pub(crate) use whose::Whose;

/// What deciding remembers.
///
/// Without a digest ([`Ledger::with_digest`]) no definition is ever seen, so pinned tools are not called.
#[derive(Default)]
pub struct Ledger {
    keyed: RandomState,
    sha256: Option<Sha256>,
    live: Mutex<Live>,
    definitions: Mutex<Definitions>,
    changes: Mutex<Changes>,
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
    /// Remembers, and computes pins with this.
    #[must_use]
    pub fn with_digest(sha256: Sha256) -> Self {
        Self {
            sha256: Some(sha256),
            ..Self::default()
        }
    }

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
        let mut sights = Sights::new();
        for (name, pin) in tools {
            let twice = sights.contains_key(name);
            let sight = Sight {
                pin: *pin,
                mirrors: Arc::default(),
            };
            sights.insert(name.clone(), (!twice).then_some(sight));
        }
        let named = session.map(|session| headers::named("mcp-session-id", session));
        let whose = self.whose(channel, named.as_slice());
        let epoch = self.epoch(&whose);
        self.note(&whose, sights, epoch, now);
    }

    /// The server of this channel could not be reached: another program may answer next. What it listed without a session is forgotten.
    pub fn lost(&self, channel: &Channel) {
        let place = whose::place(&self.keyed, channel, None);
        lock(&self.definitions).forget(place);
    }

    /// The pinned definitions that were found changed, or as pinned again, since this was asked last.
    #[must_use]
    pub fn changes(&self) -> Vec<PinChange> {
        lock(&self.changes).take()
    }

    /// Who sends under these headers, as they cross.
    pub(crate) fn whose(&self, channel: &Channel, headers: &[Header]) -> Whose {
        Whose::of(&self.keyed, channel, headers)
    }

    /// The digest of a definition; nothing without one to compute it with.
    pub(crate) fn pin_of(&self, definition: Node<'_>) -> Option<Pin> {
        Some(Pin::of(definition, self.sha256?))
    }

    /// The digest of a text; nothing without one to compute it with.
    pub(crate) fn pin_of_text(&self, text: &str) -> Option<Pin> {
        Some(Pin::of_text(text, self.sha256?))
    }

    /// What is known of a tool.
    pub(crate) fn definition(&self, whose: &Whose, tool: &str, now: Moment) -> Definition {
        lock(&self.definitions).of(whose, tool, now)
    }

    /// The arguments that a tool wants repeated in headers; none if nothing is known of it.
    pub(crate) fn mirrors(&self, whose: &Whose, tool: &str, now: Moment) -> Arc<[Mirror]> {
        let mirrors = lock(&self.definitions).mirrors(whose, tool, now);
        mirrors.unwrap_or_default()
    }

    /// Whether a complete listing tells what becomes of a tool.
    pub(crate) fn knows(&self, whose: &Whose, tool: &str, now: Moment) -> bool {
        lock(&self.definitions).knows(whose, tool, now)
    }

    /// Counts what was forgotten of a session; a listing that began before is no evidence afterwards.
    pub(crate) fn epoch(&self, whose: &Whose) -> u64 {
        lock(&self.definitions).epoch(whose.place)
    }

    /// Notes what a complete listing shows that began in this epoch; whether it is evidence.
    pub(crate) fn note(&self, whose: &Whose, sights: Sights, epoch: u64, now: Moment) -> bool {
        lock(&self.definitions).note(whose, sights, epoch, now)
    }

    /// The tools of a session changed.
    pub(crate) fn forget(&self, session: &Whose) {
        lock(&self.definitions).forget(session.place);
    }

    /// A caller opens a session.
    pub(crate) fn forget_caller(&self, caller: &Whose) {
        lock(&self.definitions).forget_caller(caller);
    }

    /// What a pinned definition was found to be.
    pub(crate) fn found(&self, change: PinChange) {
        lock(&self.changes).found(change);
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
    pub(crate) fn enter(self: &Arc<Self>, owner: Owner, id: &[u8], call: InFlight) -> LiveCall {
        let key = self.digest((owner.digest, id));
        lock(&self.live).enter(key, call);
        LiveCall::new(Arc::clone(self), key, call.upstream_id)
    }

    /// The one live call of this owner with this caller's id, if there is exactly one.
    pub(crate) fn find(&self, owner: Owner, id: &[u8]) -> Option<InFlight> {
        lock(&self.live).find(self.digest((owner.digest, id)))
    }
}

/// No code that can panic runs under these locks, so what they guard is whole even after a poisoning.
fn lock<T>(part: &Mutex<T>) -> MutexGuard<'_, T> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}
