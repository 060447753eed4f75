//! Pinned definitions that are others now, as JSON.

use serde::Serialize;

use crate::ops::state::Stopped;

/// One of them, with the pin that a review may put in the place of the old one.
#[derive(Debug, Serialize)]
pub(super) struct PinStatus {
    channel: String,
    /// Nothing for the server's instructions.
    tool: Option<String>,
    pinned: String,
    /// Nothing if the server does not list it, or lists it twice.
    found: Option<String>,
}

impl From<&Stopped> for PinStatus {
    fn from(stopped: &Stopped) -> Self {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Self {
            channel: stopped.channel.clone(),
            tool: some(&stopped.tool),
            pinned: stopped.pinned.clone(),
            found: some(&stopped.found),
        }
    }
}
