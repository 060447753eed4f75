//! One row being played: a policy, a ledger, the time, and the calls that were let in.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use portcullis_policy::permit::Verdict;
use portcullis_policy::refusal::CorrelationId;
use portcullis_policy::{
    Channel, Exchange, Facts, Inbound, Ledger, Moment, Permitted, Pin, PolicySet, Released, Step,
};
use serde_json::Value;

use super::spelled::message;

const FIRST_ID: u64 = 900_719;
const START: u64 = 1_780_000_000_000;

pub struct Stage {
    policy: Arc<PolicySet>,
    ledger: Arc<Ledger>,
    now: u64,
    next_id: u64,
    calls: HashMap<String, (u64, Exchange)>,
}

/// What was expected and what was found.
type Broken = (String, String);

impl Stage {
    pub fn set(row: &Value) -> Self {
        Self {
            policy: policy(row["rules"].as_str().unwrap()),
            ledger: Arc::default(),
            now: START,
            next_id: FIRST_ID,
            calls: HashMap::new(),
        }
    }

    /// Plays one step.
    ///
    /// # Errors
    /// What was expected of it and what was found.
    pub fn play(&mut self, step: &Value) -> Result<(), Broken> {
        self.now += step["after_ms"].as_u64().unwrap_or(0);
        if let Some(rules) = step["policy"].as_str() {
            self.policy = policy(rules);
        }
        if let Some(call) = step["end"].as_str() {
            self.calls.remove(call).unwrap();
        }
        if step.get("listing").is_some() {
            self.note(step);
        }
        let found = if step.get("ask").is_some() {
            self.ask(step)?
        } else if step.get("answer").is_some() {
            self.answer(step)?
        } else {
            return Ok(());
        };
        let expected = step["expect"].as_str().unwrap_or("ok");
        same(expected, &found)
    }

    fn note(&self, step: &Value) {
        let tools: Vec<(String, Pin)> = step["listing"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, byte)| {
                let byte = u8::try_from(byte.as_u64().unwrap()).unwrap();
                (name.clone(), Pin([byte; 32]))
            })
            .collect();
        let session = step["session"].as_str();
        let now = Moment(self.now);
        self.ledger
            .note_listing(&Channel::main(), session, &tools, now);
    }

    /// Puts a message to the policy; it is kept under `call` if it is let in.
    fn ask(&mut self, step: &Value) -> Result<String, Broken> {
        let id = self.next_id;
        self.next_id += 1;
        let caller_id = step.get("id").map_or("1".to_owned(), ToString::to_string);
        let caller_id = (caller_id != "null").then_some(caller_id);
        let body = message(&step["ask"], caller_id.as_deref());
        let channel = Channel::parse(step["channel"].as_str().unwrap_or("main")).unwrap();
        let headers = headers(step);
        let inbound = Inbound {
            channel: &channel,
            headers: &headers,
            body: body.into(),
        };
        let facts = Facts {
            upstream_id: id,
            correlation: CorrelationId(0xabc),
            now: Moment(self.now),
        };
        let (permitted, exchange) = match self.policy.admit(&inbound, facts, &self.ledger) {
            Ok(proofs) => proofs,
            Err(refused) => {
                let reason = refused.reason().label().to_owned();
                posted(step, &refused.into_released(), id)?;
                return Ok(reason);
            }
        };
        sent(step, permitted, id)?;
        let observed = exchange.observed().map(|(reason, _)| reason.label());
        let call = step["call"].as_str().unwrap_or_default().to_owned();
        self.calls.insert(call, (id, exchange));
        Ok(observed.map_or("ok".to_owned(), |reason| format!("observed {reason}")))
    }

    /// Lets a server say something on a call.
    fn answer(&mut self, step: &Value) -> Result<String, Broken> {
        let of = step["of"].as_str().unwrap_or_default();
        let (id, exchange) = self.calls.get_mut(of).unwrap_or_else(|| panic!("{step}"));
        let id = *id;
        let is_notice = step["answer"].get("method").is_some();
        let own = step.get("id").map(ToString::to_string);
        let answers = (!is_notice).then(|| id.to_string());
        let text = message(&step["answer"], own.or(answers).as_deref());
        let text = String::from_utf8(text).unwrap();
        let text = match step["answer"].get("text") {
            Some(_) => with_id(&text, id),
            None => with_number(&text, id),
        };
        let status = step["status"].as_u64().unwrap_or(200);
        exchange.begin(u16::try_from(status).unwrap(), &[]);
        let times = step["times"].as_u64().unwrap_or(1);
        let mut judged = exchange.judge(Bytes::from(text.clone()), &self.policy);
        for _ in 1..times {
            judged = exchange.judge(Bytes::from(text.clone()), &self.policy);
        }
        match judged {
            Step::Notify(released) => {
                posted(step, &released, id)?;
                Ok("notified".to_owned())
            }
            Step::Reply(_) => Ok("replied".to_owned()),
            Step::Ignore(ignored) => Ok(format!("ignored {}", ignored.label())),
            Step::Final(released, verdict) => {
                posted(step, &released, id)?;
                Ok(ended(verdict))
            }
        }
    }
}

fn ended(verdict: Verdict) -> String {
    match verdict {
        Verdict::Released { removed } => format!("released without {removed}"),
        Verdict::Refused(reason, _) => format!("refused {}", reason.label()),
        Verdict::Failed(..) => "failed".to_owned(),
    }
}

fn policy(rules: &str) -> Arc<PolicySet> {
    let text = format!("schema = 1\n[[server]]\nchannel = \"main\"\n{rules}");
    let compiled = PolicySet::compile(text.as_bytes());
    Arc::new(compiled.unwrap_or_else(|mistakes| panic!("{mistakes:?}\n{text}")))
}

fn headers(step: &Value) -> Vec<(String, String)> {
    let pairs = step["headers"].as_array().cloned().unwrap_or_default();
    let mut headers: Vec<(String, String)> = serde_json::from_value(pairs.into()).unwrap();
    for (member, name) in [
        ("session", "mcp-session-id"),
        ("subject", "x-openai-subject"),
        ("revision", "mcp-protocol-version"),
        ("routed", "mcp-method"),
        ("named", "mcp-name"),
    ] {
        let value = step[member].as_str().map(str::to_owned);
        headers.extend(value.map(|value| (name.to_owned(), value)));
    }
    headers
}

/// What went to the server, where a step says: exactly, or as one line.
fn sent(step: &Value, permitted: Permitted, id: u64) -> Result<(), Broken> {
    if let Some(line) = step["line"].as_str() {
        let found = String::from_utf8(permitted.into_line().to_vec()).unwrap();
        return same(&with_id(line, id), &found);
    }
    let outgoing = permitted.into_outgoing();
    for header in outgoing.headers.iter() {
        let is_hop =
            header.name.starts_with("x-portcullis") || header.name.starts_with("mcp-param");
        assert!(!is_hop, "{step}");
    }
    match step["sent"].as_str() {
        Some(body) => same(
            &with_id(body, id),
            std::str::from_utf8(&outgoing.body).unwrap(),
        ),
        None => Ok(()),
    }
}

/// What was posted, where a step says: exactly, what it holds, and what not.
fn posted(step: &Value, released: &Released, id: u64) -> Result<(), Broken> {
    let found = String::from_utf8(released.json().unwrap_or_default().concat()).unwrap();
    if let Some(exact) = step["posted"].as_str() {
        same(&with_id(exact, id), &found)?;
    }
    let parts = |key: &str| step[key].as_array().cloned().unwrap_or_default();
    let missing = parts("holds")
        .into_iter()
        .find(|part| !found.contains(part.as_str().unwrap()));
    let leaked = parts("lacks")
        .into_iter()
        .find(|part| found.contains(part.as_str().unwrap()));
    match missing.or(leaked) {
        Some(part) => Err((part.to_string(), found)),
        None => Ok(()),
    }
}

fn same(expected: &str, found: &str) -> Result<(), Broken> {
    if expected == found {
        Ok(())
    } else {
        Err((expected.to_owned(), found.to_owned()))
    }
}

/// `$ID` is the id we gave.
fn with_id(text: &str, id: u64) -> String {
    text.replace("$ID", &id.to_string())
}

/// In members, which have no bare words, `"$ID"` is the id we gave, and `"$TEXT_ID"` the same as a text.
fn with_number(text: &str, id: u64) -> String {
    let text = text.replace("\"$TEXT_ID\"", &format!("\"{id}\""));
    text.replace("\"$ID\"", &id.to_string())
}
