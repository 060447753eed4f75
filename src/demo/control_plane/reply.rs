//! What the agent posts back for a command.

use serde::Deserialize;

/// `resp_type` (the enum of the published document).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplyKind {
    /// The answer to a call, or the error in its place.
    #[default]
    JsonrpcResponse,
    /// A message on the way to the answer; the command stays open.
    JsonrpcNotify,
    /// A notification was taken.
    NotifyAck,
    /// A session was ended, or could not be.
    SessionTerminationResponse,
}

/// One reply, as posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its type.
    pub kind: ReplyKind,
    /// `resp_code`.
    pub code: u16,
    /// `resp_headers`, one pair for each value.
    pub headers: Vec<(String, String)>,
    /// `resp_json`, byte for byte.
    pub json: Option<String>,
    /// `channel`.
    pub channel: Option<String>,
}

impl Reply {
    /// Whether it closed the command.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.kind != ReplyKind::JsonrpcNotify
    }

    /// The first value of a header, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut named = self
            .headers
            .iter()
            .filter(|(present, _)| present.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.as_str())
    }

    /// `resp_json` as a value; null if there is none.
    #[must_use]
    pub fn value(&self) -> serde_json::Value {
        let json = self.json.as_deref().unwrap_or("null");
        serde_json::from_str(json).unwrap_or_default()
    }
}
