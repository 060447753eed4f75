//! The calls in flight, bounded by the calls the agent admits at once.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Ledger, lock};

/// Our ids of the calls in flight, by the digest of whose they are and what the caller calls them.
#[derive(Default)]
pub(super) struct Live(HashMap<u64, Vec<u64>>);

/// Keeps one call in the ledger for as long as it lives.
pub(crate) struct LiveCall {
    ledger: Arc<Ledger>,
    key: u64,
    upstream_id: u64,
}

impl Live {
    pub(super) fn enter(&mut self, key: u64, upstream_id: u64) {
        self.0.entry(key).or_default().push(upstream_id);
    }

    /// The one call under a key; of two, neither.
    pub(super) fn find(&self, key: u64) -> Option<u64> {
        match self.0.get(&key).map(Vec::as_slice) {
            Some([only]) => Some(*only),
            Some(_) | None => None,
        }
    }

    fn leave(&mut self, key: u64, upstream_id: u64) {
        if let Some(ids) = self.0.get_mut(&key) {
            ids.retain(|id| *id != upstream_id);
            if ids.is_empty() {
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
