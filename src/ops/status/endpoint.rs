//! One endpoint in the status: what is in use, and how the last attempt to replace it ended.

use serde::Serialize;

use super::unix;
use crate::ops::state::Endpoint;

/// One endpoint.
#[derive(Debug, Serialize)]
pub(super) struct EndpointStatus {
    name: String,
    generation: u64,
    serial: Option<String>,
    not_after: Option<u64>,
    loaded: Option<u64>,
    state: &'static str,
    since: u64,
    last: Option<LastStatus>,
    failures: u32,
}

#[derive(Debug, Serialize)]
struct LastStatus {
    at: u64,
    result: &'static str,
    reasons: Vec<&'static str>,
}

impl From<&Endpoint> for EndpointStatus {
    fn from(endpoint: &Endpoint) -> Self {
        let generation = endpoint.generation.as_ref();
        let identity = generation.and_then(|generation| generation.identity.as_ref());
        let last = endpoint.last.map(|(at, result)| LastStatus {
            at: unix(at),
            result,
            reasons: endpoint.reasons.clone(),
        });
        Self {
            name: endpoint.name.clone(),
            generation: generation.map_or(0, |generation| generation.number),
            serial: identity.map(|identity| identity.serial.clone()),
            not_after: identity.map(|identity| unix(identity.not_after)),
            loaded: generation.map(|generation| unix(generation.loaded)),
            state: endpoint.condition.label(),
            since: unix(endpoint.since),
            last,
            failures: endpoint.failures,
        }
    }
}
