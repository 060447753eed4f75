//! What the agent must say of itself on every request (wire sheet 2.1 and 2.2).

use std::collections::HashSet;

use hyper::header::{ACCEPT, AUTHORIZATION, HeaderMap, USER_AGENT};
use serde::{Deserialize, Serialize};

const MAX_SERVER_INFO: usize = 4096;
const MAX_CHANNELS: usize = 32;

/// Whether the bearer is exactly this one.
pub(super) fn is_authorized(headers: &HeaderMap, api_key: &str) -> bool {
    one(headers, AUTHORIZATION.as_str()).is_ok_and(|value| value == format!("Bearer {api_key}"))
}

/// Checks the standing headers.
///
/// # Errors
/// What is wrong with the first bad one.
pub(super) fn check(headers: &HeaderMap) -> Result<(), String> {
    if one(headers, ACCEPT.as_str())? != "application/json" {
        return Err("`Accept` must be `application/json`".to_owned());
    }
    one(headers, USER_AGENT.as_str())?;
    one(headers, "x-tunnel-client-name")?;
    if !is_version(one(headers, "x-tunnel-client-version")?) {
        return Err("`X-Tunnel-Client-Version` is no semantic version".to_owned());
    }
    if !is_instance(one(headers, "x-tunnel-client-instance-id")?) {
        return Err(
            "`X-Tunnel-Client-Instance-Id` must be 32 lower-case hexadecimal digits".to_owned(),
        );
    }
    check_server_info(one(headers, "x-tunnel-mcp-server-info")?)
}

/// The one value of a header, not empty.
///
/// # Errors
/// There is none, more than one, or it is no text.
pub(super) fn one<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, String> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => match value.to_str() {
            Ok(text) if !text.is_empty() => Ok(text),
            Ok(_) | Err(_) => Err(format!("the header `{name}` is empty or no text")),
        },
        (Some(_), Some(_)) => Err(format!("the header `{name}` stands there twice")),
        (None, _) => Err(format!("the header `{name}` is missing")),
    }
}

/// `major.minor.patch`, perhaps with `-pre` and `+build`.
fn is_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<_> = core.split('.').collect();
    let numbers = parts
        .iter()
        .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let rest = text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-+.".contains(&b));
    parts.len() == 3 && numbers && rest
}

fn is_instance(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ServerInfo {
    version: u32,
    channels: Vec<ServedChannel>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ServedChannel {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    proc_affinity: Option<bool>,
}

fn check_server_info(text: &str) -> Result<(), String> {
    let wrong = |what: String| Err(format!("`X-Tunnel-MCP-Server-Info`: {what}"));
    if text.len() > MAX_SERVER_INFO {
        return wrong(format!("longer than {MAX_SERVER_INFO} bytes"));
    }
    let info: ServerInfo = match serde_json::from_str(text) {
        Ok(info) => info,
        Err(error) => return wrong(error.to_string()),
    };
    // Written again it must be the same bytes: compact, in the documented order, nothing but the documented keys.
    if serde_json::to_string(&info).is_ok_and(|again| again != text) {
        return wrong("not compact, or not in the documented order".to_owned());
    }
    match info.breach() {
        Some(breach) => wrong(breach.to_owned()),
        None => Ok(()),
    }
}

impl ServerInfo {
    fn breach(&self) -> Option<&'static str> {
        let names: HashSet<_> = self.channels.iter().map(|channel| &channel.name).collect();
        let broken = [
            (self.version != 1, "the version must be 1"),
            (
                !(1..=MAX_CHANNELS).contains(&self.channels.len()),
                "1 to 32 channels",
            ),
            (
                names.len() != self.channels.len(),
                "a channel stands there twice",
            ),
            (
                !names.iter().all(|name| is_channel(name)),
                "a channel is not in its canonical spelling",
            ),
            (
                self.channels
                    .iter()
                    .any(|channel| channel.proc_affinity == Some(false)),
                "proc_affinity is left out when it is false",
            ),
        ];
        broken
            .into_iter()
            .find_map(|(broken, rule)| broken.then_some(rule))
    }
}

/// A canonical channel name (wire sheet 1.6).
pub(super) fn is_channel(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    (1..=64).contains(&name.len()) && name.bytes().all(plain)
}
