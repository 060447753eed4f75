//! The five readings of one body.

use std::hint::black_box;
use std::sync::Arc;

use portcullis_policy::gate::{self, Caps};
use portcullis_policy::permit::Verdict;
use portcullis_policy::refusal::CorrelationId;
use portcullis_policy::{
    Channel, Exchange, Facts, Inbound, Ledger, Moment, Permitted, PolicySet, Refused, Step,
};
use serde::de::IgnoredAny;

use crate::Failed;
use crate::bodies::{Body, UPSTREAM_ID};

/// Limits high enough for the largest body, and as many answers in one exchange as are timed.
const POLICY: &str = r#"
schema = 1
[limits]
request_bytes = "16MiB"
response_bytes = "16MiB"
stream_bytes = "1024MiB"
stream_events = 1000000
json_nodes = 1000000
[[server]]
channel = "main"
tools = ["echo"]
"#;

/// A policy that lists the tool, and what it needs beside the message.
pub(crate) struct Judge {
    policy: Arc<PolicySet>,
    ledger: Arc<Ledger>,
    channel: Channel,
    headers: Vec<(String, String)>,
    caps: Caps,
}

impl Judge {
    pub(crate) fn new() -> Result<Self, Failed> {
        let compiled =
            PolicySet::compile(POLICY.as_bytes()).map_err(|mistakes| format!("{mistakes:?}"))?;
        let caps = compiled.limits().request_caps();
        let headers = [
            ("content-type", "application/json"),
            ("accept", "application/json, text/event-stream"),
            ("mcp-session-id", "0123456789abcdef0123456789abcdef"),
            ("mcp-protocol-version", "2025-11-25"),
        ];
        Ok(Self {
            policy: Arc::new(compiled),
            ledger: Arc::new(Ledger::default()),
            channel: Channel::main(),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
            caps,
        })
    }

    /// The call must be permitted and its answer released, or nothing timed here means anything.
    pub(crate) fn check(&self, body: &Body) -> Result<(), Failed> {
        let (permitted, mut exchange) =
            self.ask(body).map_err(|refused| refused.reason().label())?;
        let sent = permitted.into_outgoing().body.len();
        match exchange.judge(body.answer.clone(), &self.policy) {
            Step::Final(_, Verdict::Released { .. }) if sent >= body.size => Ok(()),
            Step::Final(_, verdict) => Err(format!("{verdict:?} after {sent} bytes").into()),
            Step::Notify(_) | Step::Reply(_) | Step::Ignore(_) => {
                Err("not taken for an answer".into())
            }
        }
    }

    /// The gate alone.
    pub(crate) fn gate(&self, body: &Body, times: u32) {
        for _ in 0..times {
            let _ = black_box(gate::message(black_box(body.call.clone()), &self.caps));
        }
    }

    /// The way in: gate, decision, headers, edits, and the bytes as they would be sent.
    pub(crate) fn admit(&self, body: &Body, times: u32) {
        for _ in 0..times {
            let judged = self.ask(black_box(body));
            let _ = black_box(
                judged.map(|(permitted, exchange)| (permitted.into_outgoing(), exchange)),
            );
        }
    }

    /// The way back: gate and judgement of the answer, without the copy into the reply's body.
    pub(crate) fn answer(&self, body: &Body, times: u32) {
        let Ok((_, mut exchange)) = self.ask(body) else {
            return;
        };
        for _ in 0..times {
            black_box(exchange.judge(black_box(body.answer.clone()), &self.policy));
        }
    }

    /// serde_json, throwing the values away.
    pub(crate) fn skim(&self, body: &Body, times: u32) {
        for _ in 0..times {
            let _ = black_box(serde_json::from_slice::<IgnoredAny>(black_box(&body.call)));
        }
    }

    /// serde_json, building a tree.
    pub(crate) fn value(&self, body: &Body, times: u32) {
        for _ in 0..times {
            let _ = black_box(serde_json::from_slice::<serde_json::Value>(black_box(
                &body.call,
            )));
        }
    }

    fn ask(&self, body: &Body) -> Result<(Permitted, Exchange), Box<Refused>> {
        let inbound = Inbound {
            channel: &self.channel,
            headers: &self.headers,
            body: body.call.clone(),
        };
        let facts = Facts {
            upstream_id: UPSTREAM_ID,
            correlation: CorrelationId(7),
            now: Moment::default(),
        };
        self.policy.admit(&inbound, facts, &self.ledger)
    }
}
