//! What deciding must remember between messages: the calls in flight, so that a cancellation reaches its own call and no other (B12).
//!
//! Plain memory, bounded by the calls the agent admits at once. Sessions and ids are kept as keyed digests: a session id is a credential.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::channel::Channel;

/// The calls in flight.
#[derive(Default)]
pub struct Ledger {
    keyed: RandomState,
    live: Mutex<HashMap<Key, Vec<u64>>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    channel: Channel,
    caller: u64,
}

/// Keeps one call in the ledger for as long as it lives.
pub(crate) struct LiveCall {
    ledger: Arc<Ledger>,
    key: Key,
    upstream_id: u64,
}

impl Ledger {
    /// Enters a call.
    pub(crate) fn enter(
        self: &Arc<Self>,
        channel: &Channel,
        session: Option<&str>,
        id: &[u8],
        upstream_id: u64,
    ) -> LiveCall {
        let key = self.key(channel, session, id);
        self.lock()
            .entry(key.clone())
            .or_default()
            .push(upstream_id);
        LiveCall {
            ledger: Arc::clone(self),
            key,
            upstream_id,
        }
    }

    /// The id we gave the one live call with this caller's id, if there is exactly one.
    pub(crate) fn find(&self, channel: &Channel, session: Option<&str>, id: &[u8]) -> Option<u64> {
        let key = self.key(channel, session, id);
        match self.lock().get(&key).map(Vec::as_slice) {
            Some([only]) => Some(*only),
            Some(_) | None => None,
        }
    }

    fn key(&self, channel: &Channel, session: Option<&str>, id: &[u8]) -> Key {
        Key {
            channel: channel.clone(),
            caller: self.keyed.hash_one((session, id)),
        }
    }

    /// No code that can panic runs under this lock, so the map is whole even after a poisoning.
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Vec<u64>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LiveCall {
    fn drop(&mut self) {
        let mut live = self.ledger.lock();
        if let Some(ids) = live.get_mut(&self.key) {
            ids.retain(|id| *id != self.upstream_id);
            if ids.is_empty() {
                live.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_owner_of_a_live_call_finds_it_b12() {
        let ledger = Arc::new(Ledger::default());
        let main = Channel::main();
        let call = ledger.enter(&main, Some("s1"), b"1", 77);
        assert_eq!(ledger.find(&main, Some("s1"), b"1"), Some(77));
        assert_eq!(
            ledger.find(&main, Some("s2"), b"1"),
            None,
            "another session"
        );
        assert_eq!(ledger.find(&main, None, b"1"), None, "no session");
        assert_eq!(
            ledger.find(&main, Some("s1"), b"\"1\""),
            None,
            "another type of id"
        );
        drop(call);
        assert_eq!(ledger.find(&main, Some("s1"), b"1"), None, "finished");
    }

    #[test]
    fn an_id_in_use_twice_is_found_by_nobody() {
        let ledger = Arc::new(Ledger::default());
        let main = Channel::main();
        let _first = ledger.enter(&main, None, b"1", 1);
        let second = ledger.enter(&main, None, b"1", 2);
        assert_eq!(ledger.find(&main, None, b"1"), None);
        drop(second);
        assert_eq!(ledger.find(&main, None, b"1"), Some(1));
    }
}
