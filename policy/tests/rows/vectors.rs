//! The vectors that the peers fire at real servers, put to the policy: each denied or allowed, and its neighbour allowed.

use std::sync::Arc;

use portcullis_policy::gate::canonical_id;
use portcullis_policy::refusal::CorrelationId;
use portcullis_policy::{Channel, Facts, Inbound, Ledger, Moment, PolicySet};
use serde_json::Value;

use super::spelled::message;

const FILE: &str = include_str!("../../../tests/peers/vectors.json");
const RULES: &str = "schema = 1\n[[server]]\nchannel = \"main\"\ntools = [\"echo\", \"add\", \"slow_progress\", \"big\", \"fail\", \"boom\"]\n";

const OURS: &[u8] = b"770077";

/// The vectors that are one message; the others are wrong in the command around it.
pub fn load() -> Vec<Value> {
    let read: Value = serde_json::from_str(FILE).unwrap();
    let all = read["vectors"].as_array().unwrap().iter();
    all.filter(|row| row.get("command").is_none())
        .cloned()
        .collect()
}

/// Whether the policy says to a vector and to its neighbour what it must. What is sent is what was judged, but for its ids (F3).
pub fn holds(vector: &Value) -> bool {
    let allows = vector["verdict"] == "allow";
    crosses(vector) == allows && crosses(&vector["neighbour"])
}

fn crosses(shot: &Value) -> bool {
    let policy = Arc::new(PolicySet::compile(RULES.as_bytes()).unwrap());
    let pairs = shot["headers"].as_array().cloned().unwrap_or_default();
    let headers: Vec<(String, String)> = pairs
        .iter()
        .map(|pair| {
            let [name, value] = [0, 1].map(|at| pair[at].as_str().unwrap().to_owned());
            (name.to_ascii_lowercase(), value)
        })
        .collect();
    let channel = Channel::main();
    let body = message(&shot["message"], None);
    let inbound = Inbound {
        channel: &channel,
        headers: &headers,
        body: body.clone().into(),
    };
    let facts = Facts {
        upstream_id: 770_077,
        correlation: CorrelationId(1),
        now: Moment(1_780_000_000_000),
    };
    let Ok((permitted, _)) = policy.admit(&inbound, facts, &Arc::<Ledger>::default()) else {
        return false;
    };
    let sent = permitted.into_outgoing().body;
    assert!(is_same_but_for_ids(&body, &sent), "{shot}");
    true
}

/// Byte for byte, but that one canonical id of the caller is ours.
fn is_same_but_for_ids(judged: &[u8], sent: &[u8]) -> bool {
    let is_ours_at = |at: usize| {
        let (before, after) = (&sent[..at], &sent[at + OURS.len()..]);
        let id = judged.len().checked_sub(before.len() + after.len());
        let fits = judged.starts_with(before) && judged.ends_with(after);
        id.is_some_and(|id| fits && canonical_id(&judged[at..at + id]))
    };
    let mut places = (0..sent.len()).filter(|at| sent[*at..].starts_with(OURS));
    judged == sent || places.any(is_ours_at)
}
