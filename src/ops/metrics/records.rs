//! How far the audit log is, read off it when someone asks.

use std::sync::atomic::Ordering;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::whole;
use crate::ops::audit::Standing;

#[derive(Debug, Default)]
pub(super) struct Records {
    written: Counter,
    denied: Counter,
    unsigned: Gauge,
    spooled: Gauge,
}

impl Records {
    /// Under the names that begin with `audit`.
    pub(super) fn register(&self, to: &mut Registry) {
        to.register(
            "audit_records",
            "Records of the audit log, since it was made",
            self.written.clone(),
        );
        to.register(
            "audit_denied",
            "Calls refused because their record could not be written",
            self.denied.clone(),
        );
        to.register(
            "audit_unsigned_records",
            "Records that no checkpoint of this run covers yet",
            self.unsigned.clone(),
        );
        to.register(
            "audit_spooled_records",
            "Records that wait in memory because they cannot be written",
            self.spooled.clone(),
        );
    }

    pub(super) fn set(&self, standing: Standing) {
        // Only the log counts, and its counts never fall.
        self.written
            .inner()
            .store(standing.records, Ordering::Relaxed);
        self.denied
            .inner()
            .store(standing.denied, Ordering::Relaxed);
        let unsigned = standing.records.saturating_sub(standing.signed);
        self.unsigned.set(whole(unsigned));
        self.spooled.set(whole(standing.spooled));
    }
}
