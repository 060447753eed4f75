//! The body of a response post, read as strictly as the published schema says (`TunnelResponsePayload`).

use std::fmt;

use hyper::body::Bytes;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::reply::{Reply, ReplyKind};

/// The response headers the service takes, in its spelling (wire sheet 12.2).
const HEADERS: [&str; 6] = [
    "Access-Control-Expose-Headers",
    "Content-Type",
    "Last-Event-Id",
    "Mcp-Protocol-Version",
    "Mcp-Session-Id",
    "Www-Authenticate",
];

/// A payload that keeps to the schema and to the payload rule of its type.
#[derive(Debug)]
pub(super) struct Payload {
    pub(super) request_id: String,
    pub(super) reply: Reply,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw<'a> {
    request_id: String,
    resp_code: i64,
    channel: Option<String>,
    #[serde(borrow)]
    resp_json: Option<&'a RawValue>,
    #[serde(default)]
    resp_headers: Pairs,
    #[serde(default)]
    resp_type: ReplyKind,
}

#[derive(Default)]
struct Pairs(Vec<(String, String)>);

impl Payload {
    /// Reads a payload.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(body: &Bytes) -> Result<Self, String> {
        // A derived struct takes an array too.
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err("the body is no JSON object".to_owned());
        }
        let raw: Raw<'_> = serde_json::from_slice(body)
            .map_err(|error| format!("the body is no TunnelResponsePayload: {error}"))?;
        raw.check()
    }
}

impl Raw<'_> {
    fn check(self) -> Result<Payload, String> {
        let json = self.resp_json.map(RawValue::get);
        if json.is_some_and(|json| !json.starts_with('{')) {
            return Err("`resp_json` is no JSON object".to_owned());
        }
        check_rule(self.resp_type, json.is_some())?;
        let code = u16::try_from(self.resp_code)
            .ok()
            .filter(|code| (100..=599).contains(code));
        let code =
            code.ok_or_else(|| format!("`resp_code` {} is no HTTP status", self.resp_code))?;
        let json = json.map(str::to_owned);
        Ok(Payload {
            request_id: self.request_id,
            reply: Reply {
                kind: self.resp_type,
                code,
                headers: self.resp_headers.0,
                json,
                channel: self.channel,
            },
        })
    }
}

/// Which types carry a message and which must not (wire sheet 12.1).
fn check_rule(kind: ReplyKind, has_json: bool) -> Result<(), String> {
    let needs_json = match kind {
        ReplyKind::JsonrpcResponse | ReplyKind::JsonrpcNotify => true,
        ReplyKind::NotifyAck | ReplyKind::SessionTerminationResponse => false,
    };
    match (needs_json, has_json) {
        (true, false) => Err(format!("a reply of type {kind:?} needs `resp_json`")),
        (false, true) => Err(format!("a reply of type {kind:?} has no `resp_json`")),
        (true, true) | (false, false) => Ok(()),
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of header names to lists of values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let mut pairs = Pairs::default();
        while let Some((name, values)) = map.next_entry::<String, Vec<String>>()? {
            if !HEADERS.contains(&name.as_str()) {
                return Err(A::Error::custom(format!(
                    "the header `{name}` is not returned"
                )));
            }
            if pairs.0.iter().any(|(present, _)| *present == name) {
                return Err(A::Error::custom(format!(
                    "the header `{name}` stands there twice"
                )));
            }
            if values.is_empty() || values.iter().any(String::is_empty) {
                return Err(A::Error::custom(format!(
                    "the header `{name}` has no value"
                )));
            }
            pairs
                .0
                .extend(values.into_iter().map(|value| (name.clone(), value)));
        }
        Ok(pairs)
    }
}

#[cfg(test)]
mod tests;
