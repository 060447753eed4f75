//! The calls in flight, bounded by the calls the agent admits at once.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Ledger, lock};

/// The calls in flight, by the digest of whose they are and what the caller calls them.
#[derive(Default)]
pub(super) struct Live(HashMap<u64, Vec<InFlight>>);

/// A call in flight, as a cancellation finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InFlight {
    /// Our id of it.
    pub(crate) upstream_id: u64,
    /// Whether the end of its stream cancels it, and no message does.
    pub(crate) ends_with_stream: bool,
}

/// Keeps one call in the ledger for as long as it lives.
pub(crate) struct LiveCall {
    ledger: Arc<Ledger>,
    key: u64,
    upstream_id: u64,
}

impl Live {
    pub(super) fn enter(&mut self, key: u64, call: InFlight) {
        self.0.entry(key).or_default().push(call);
    }

    /// The one call under a key; of two, neither.
    pub(super) fn find(&self, key: u64) -> Option<InFlight> {
        match self.0.get(&key).map(Vec::as_slice) {
            Some([only]) => Some(*only),
            Some(_) | None => None,
        }
    }

    fn leave(&mut self, key: u64, upstream_id: u64) {
        if let Some(calls) = self.0.get_mut(&key) {
            calls.retain(|call| call.upstream_id != upstream_id);
            if calls.is_empty() {
                self.0.remove(&key);
            }
        }
    }
}

impl LiveCall {
    pub(super) fn new(ledger: Arc<Ledger>, key: u64, upstream_id: u64) -> Self {
        Self {
            ledger,
            key,
            upstream_id,
        }
    }
}

impl Drop for LiveCall {
    fn drop(&mut self) {
        lock(&self.ledger.live).leave(self.key, self.upstream_id);
    }
}
