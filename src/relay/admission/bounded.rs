//! So many places or bytes, some of them taken.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The bytes of commands are counted in pieces of this size.
const PIECE: usize = 1024;

/// So many places, some of them taken.
#[derive(Debug)]
pub(super) struct Bounded {
    pub(super) free: Arc<Semaphore>,
    pub(super) all: usize,
}

impl Bounded {
    pub(super) fn new(all: usize) -> Self {
        let all = all.clamp(1, u32::MAX as usize >> 4);
        Self {
            free: Arc::new(Semaphore::new(all)),
            all,
        }
    }

    pub(super) fn free(&self) -> usize {
        self.free.available_permits()
    }

    pub(super) fn taken(&self) -> usize {
        self.all.saturating_sub(self.free())
    }

    pub(super) fn try_take(&self) -> Option<OwnedSemaphorePermit> {
        // A semaphore serves in order: who is waiting for a place already comes first.
        Arc::clone(&self.free).try_acquire_owned().ok()
    }

    /// `None` only once the semaphore is closed, which nobody does.
    pub(super) async fn take(&self, count: usize) -> Option<OwnedSemaphorePermit> {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        Arc::clone(&self.free).acquire_many_owned(count).await.ok()
    }
}

/// In pieces, and never none.
pub(super) const fn pieces(bytes: usize) -> usize {
    let pieces = bytes.div_ceil(PIECE);
    if pieces == 0 { 1 } else { pieces }
}
