//! What may be kept of an answer, and by whom: what was cut down for one caller is not for others, and not for long (C14).

use crate::edit::{Edit, Edited};
use crate::gate::{Gated, Slot};

/// Marks a listing private and stale at once (MCP 2026-07-28, caching). The policy may change before the next call, and the server knows
/// nothing of it.
pub(super) fn keep_private(message: &Gated, json: &mut Edited) {
    if let Some(scope) = message.node(Slot::ResultCacheScope)
        && scope.text().as_deref() != Some("private")
    {
        json.push(Edit::CacheScope(scope.span()));
    }
    if let Some(ttl) = message.node(Slot::ResultTtlMs)
        && ttl.raw() != b"0"
    {
        json.push(Edit::TimeToLive(ttl.span()));
    }
}
