//! The JSON-RPC side of a command and of its replies: whether the one answers the other.

use serde::Deserialize;
use serde_json::value::RawValue;

/// A message of the caller, leniently read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    /// The id, byte for byte; none for a notification.
    pub(super) id: Option<String>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    jsonrpc: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

impl Ask {
    /// None where a lenient reader gives up too.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let envelope: Envelope<'_> = serde_json::from_slice(body).ok()?;
        envelope.method?;
        Some(Self {
            id: envelope.id.map(|id| id.get().to_owned()),
        })
    }
}

/// Checks a final JSON-RPC reply against what was asked.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_answer(json: &str, ask: Option<&Ask>) -> Result<(), String> {
    let envelope = read(json)?;
    if envelope.method.is_some() {
        return Err("a final reply has a `method`".to_owned());
    }
    match (envelope.result, envelope.error) {
        (Some(_), None) => {}
        (None, Some(error)) => check_error(error)?,
        (Some(_), Some(_)) | (None, None) => {
            return Err("a final reply needs either `result` or `error`".to_owned());
        }
    }
    match (
        ask.map(|ask| ask.id.as_deref()),
        envelope.id.map(RawValue::get),
    ) {
        (Some(asked), Some(answered)) if asked != Some(answered) => Err(format!(
            "the reply has the id `{answered}`, the command `{}`",
            asked.unwrap_or("none")
        )),
        (Some(Some(_)), None) if envelope.result.is_some() => {
            Err("the reply has a `result` and no id".to_owned())
        }
        (_, _) => Ok(()),
    }
}

/// Checks a message on the way to the answer.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_notice(json: &str) -> Result<(), String> {
    let envelope = read(json)?;
    if envelope.method.is_none() || envelope.id.is_some() {
        return Err("a notification needs a `method` and no `id`".to_owned());
    }
    if envelope.result.is_some() || envelope.error.is_some() {
        return Err("a notification has neither `result` nor `error`".to_owned());
    }
    Ok(())
}

fn read(json: &str) -> Result<Envelope<'_>, String> {
    let envelope: Envelope<'_> = serde_json::from_str(json)
        .map_err(|error| format!("`resp_json` is no JSON-RPC message: {error}"))?;
    match envelope.jsonrpc.map(RawValue::get) {
        Some("\"2.0\"") => Ok(envelope),
        Some(_) | None => Err("`resp_json.jsonrpc` must be \"2.0\"".to_owned()),
    }
}

fn check_error(error: &RawValue) -> Result<(), String> {
    #[derive(Deserialize)]
    struct ErrorObject<'a> {
        #[serde(rename = "code")]
        _code: i64,
        #[serde(rename = "message")]
        _message: String,
        #[serde(borrow)]
        data: Option<&'a RawValue>,
    }
    let object: ErrorObject<'_> = serde_json::from_str(error.get())
        .map_err(|error| format!("the JSON-RPC error is malformed: {error}"))?;
    object
        .data
        .map_or(Ok(()), |data| super::provenance::check(data.get()))
}
