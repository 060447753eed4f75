//! Who lists, and who waits for that.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

/// The listings under way, by whose they are.
#[derive(Default)]
pub struct Listings(Mutex<HashMap<u64, watch::Receiver<()>>>);

/// One listing under way; whoever waits for it goes on when it is dropped.
pub(super) struct Flight<'a> {
    listings: &'a Listings,
    key: u64,
    _ends: watch::Sender<()>,
}

impl Listings {
    /// The first to ask lists; the others get what ends when it is done.
    pub(super) fn enter(&self, key: u64) -> Result<Flight<'_>, watch::Receiver<()>> {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ends) = under_way.get(&key) {
            return Err(ends.clone());
        }
        let (sender, ends) = watch::channel(());
        under_way.insert(key, ends);
        Ok(Flight {
            listings: self,
            key,
            _ends: sender,
        })
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let mut under_way = self
            .listings
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        under_way.remove(&self.key);
    }
}
