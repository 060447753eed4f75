//! `error.data.tunnel_failure`: where a synthesized failure came from (`x-tunnel-failure-schema` of the published
//! document, wire sheet 17).

use serde::Deserialize;

#[derive(Deserialize)]
struct Data {
    tunnel_failure: Option<Provenance>,
}

#[derive(Deserialize)]
struct Provenance {
    version: u64,
    source: String,
    upstream_response_received: bool,
    upstream_status: Option<u16>,
    transport_error_kind: Option<String>,
}

/// Checks the data of a JSON-RPC error, if it has provenance. Members that the schema does not name are allowed.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check(data: &str) -> Result<(), String> {
    // A server's own error data may be anything; only an object can have provenance.
    if !data.starts_with('{') {
        return Ok(());
    }
    let data: Data = serde_json::from_str(data)
        .map_err(|error| format!("`tunnel_failure` is malformed: {error}"))?;
    match data.tunnel_failure.map(|failure| failure.breach()) {
        Some(Some(breach)) => Err(format!("`tunnel_failure`: {breach}")),
        Some(None) | None => Ok(()),
    }
}

impl Provenance {
    fn breach(&self) -> Option<&'static str> {
        let by_target = self.source == "target_http";
        let broken = [
            (self.version == 0, "version counts from 1"),
            (!is_word(&self.source), "source has 1 to 64 characters"),
            (
                !self.transport_error_kind.as_deref().is_none_or(is_word),
                "transport_error_kind has 1 to 64 characters",
            ),
            (
                by_target && !(self.upstream_response_received && self.upstream_status.is_some()),
                "source target_http needs a received answer and its status",
            ),
            (
                !by_target && self.upstream_status.is_some(),
                "a status belongs to source target_http only",
            ),
            (
                self.upstream_status
                    .is_some_and(|status| !(400..=599).contains(&status)),
                "upstream_status is 400 to 599",
            ),
            (
                self.source == "transport_closed" && self.upstream_response_received,
                "source transport_closed means that no answer was received",
            ),
        ];
        broken
            .into_iter()
            .find_map(|(broken, rule)| broken.then_some(rule))
    }
}

fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.chars().count())
}

#[cfg(test)]
mod tests;
