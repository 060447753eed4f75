//! A recorded intent, and the duty that comes with it.

use std::sync::Arc;

use super::encode;
use super::record::Ended;
use super::writer::Shared;

/// A recorded intent: the right to forward one call, and the duty to say how it ended. Dropped without that, it records the call as `lost`.
#[must_use]
pub struct Intent {
    shared: Arc<Shared>,
    index: u64,
    correlation: u128,
    is_settled: bool,
}

impl Intent {
    pub(super) fn new(shared: &Arc<Shared>, index: u64, correlation: u128) -> Self {
        Self {
            shared: Arc::clone(shared),
            index,
            correlation,
            is_settled: false,
        }
    }

    /// The index of its record.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    pub(super) fn end(mut self, ended: &Ended<'_>) {
        self.record(ended);
    }

    fn record(&mut self, ended: &Ended<'_>) {
        self.is_settled = true;
        let now = self.shared.clock.micros();
        let (of, mode) = (
            (self.index, self.correlation),
            self.shared.terms().arguments,
        );
        let body = encode::outcome(of, ended, mode, now);
        self.shared.add_quietly(body);
    }
}

impl Drop for Intent {
    /// INVARIANT: 7 (one terminal record, also for a call that was abandoned).
    fn drop(&mut self) {
        if !self.is_settled {
            self.record(&Ended {
                verdict: "lost",
                ..Ended::default()
            });
        }
    }
}
