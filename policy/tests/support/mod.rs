//! What the tests of this package share: a policy, a message, and what became of it.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

use std::sync::Arc;

use bytes::Bytes;
use portcullis_policy::permit::{Outgoing, Verdict};
use portcullis_policy::refusal::CorrelationId;
use portcullis_policy::{
    Channel, Exchange, Facts, Inbound, Ledger, Moment, Permitted, PolicySet, Refused, Released,
    Step,
};

/// The id the agent gives in these tests.
pub const UPSTREAM_ID: u64 = 900_719;

/// The moment of these tests.
pub const NOW: Moment = Moment(1_780_000_000_000);

/// A policy with one server on `main`.
pub fn policy(tools: &[&str]) -> Arc<PolicySet> {
    let tools = if tools.is_empty() {
        String::new()
    } else {
        format!("tools = {tools:?}\n")
    };
    compile(&format!(
        "schema = 1\n[[server]]\nchannel = \"main\"\n{tools}"
    ))
}

pub fn compile(text: &str) -> Arc<PolicySet> {
    Arc::new(PolicySet::compile(text.as_bytes()).unwrap_or_else(|mistakes| panic!("{mistakes:?}")))
}

pub fn facts() -> Facts {
    Facts {
        upstream_id: UPSTREAM_ID,
        correlation: CorrelationId(0xabc),
        now: NOW,
    }
}

pub fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

pub fn admit(
    policy: &Arc<PolicySet>,
    body: impl Into<Bytes>,
) -> Result<(Permitted, Exchange), Box<Refused>> {
    admit_with(policy, body, &[])
}

pub fn admit_with(
    policy: &Arc<PolicySet>,
    body: impl Into<Bytes>,
    sent: &[(&str, &str)],
) -> Result<(Permitted, Exchange), Box<Refused>> {
    let channel = Channel::main();
    let inbound = Inbound {
        channel: &channel,
        headers: &headers(sent),
        body: body.into(),
    };
    policy.admit(&inbound, facts(), &Arc::new(Ledger::default()))
}

/// What is sent for a message that must be permitted.
pub fn sent(policy: &Arc<PolicySet>, body: &str) -> Outgoing {
    match admit(policy, body.to_owned()) {
        Ok((permitted, _)) => permitted.into_outgoing(),
        Err(refused) => panic!("refused {body}: {}", refused.reason().label()),
    }
}

/// Why a message that must be refused is, and what is said.
pub fn refused(policy: &Arc<PolicySet>, body: impl Into<Bytes>) -> (&'static str, String) {
    match admit(policy, body) {
        Ok((permitted, _)) => panic!("permitted {:?}", permitted.into_outgoing().body),
        Err(refused) => (refused.reason().label(), json(&refused.into_released())),
    }
}

pub fn json(released: &Released) -> String {
    String::from_utf8(released.json().unwrap_or_default().concat()).unwrap()
}

/// The exchange of a permitted call.
pub fn exchange(policy: &Arc<PolicySet>, body: &str) -> Exchange {
    exchange_with(policy, body, &[])
}

/// The same for a call with headers.
pub fn exchange_with(policy: &Arc<PolicySet>, body: &str, sent: &[(&str, &str)]) -> Exchange {
    admit_with(policy, body.to_owned(), sent)
        .map_err(|refused| refused.reason().label())
        .unwrap()
        .1
}

/// Judges one answer of the server under the same policy.
pub fn judge(policy: &Arc<PolicySet>, exchange: &mut Exchange, text: &str) -> Step {
    exchange.judge(Bytes::from(text.to_owned()), policy)
}

/// The body and the verdict of a call that must be over.
pub fn finished(step: Step) -> (String, Verdict) {
    match step {
        Step::Final(released, verdict) => (json(&released), verdict),
        Step::Notify(_) => panic!("a notification"),
        Step::Reply(_) => panic!("a reply to the server"),
        Step::Ignore(_) => panic!("ignored"),
    }
}
