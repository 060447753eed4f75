//! The audit log in the status.

use serde::Serialize;

use super::unix;
use crate::ops::audit::Audit;
use crate::ops::state::RecordTrouble;

/// How the audit log stands.
#[derive(Debug, Serialize)]
pub(super) struct AuditStatus {
    /// `writable`, `spooling` or `failing`.
    state: &'static str,
    /// Since when it cannot be written.
    since: Option<u64>,
    why: Option<String>,
    records: u64,
    /// Records that the newest checkpoint covers.
    signed: u64,
    spooled: u64,
    denied: u64,
    segment: u64,
}

impl AuditStatus {
    pub(super) fn of(audit: Option<&Audit>, trouble: Option<&RecordTrouble>) -> Self {
        let standing = audit.map(Audit::standing).unwrap_or_default();
        Self {
            state: match trouble {
                None => "writable",
                Some(trouble) if trouble.spools => "spooling",
                Some(_) => "failing",
            },
            since: trouble.map(|trouble| unix(trouble.since)),
            why: trouble.map(|trouble| trouble.why.clone()),
            records: standing.records,
            signed: standing.signed,
            spooled: standing.spooled,
            denied: standing.denied,
            segment: standing.segment,
        }
    }
}
