//! The pinned definitions that are others now.

use crate::ops::event::{Changed, DefinitionEvent};

/// A pinned definition that is another now: its tool is not called, or the server's instructions do not cross.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// The channel of the server.
    pub channel: String,
    /// The tool; empty for the instructions.
    pub tool: String,
    /// The pin in the policy.
    pub pinned: String,
    /// The pin of what the server tells now; empty if it is not there.
    pub found: String,
}

/// Takes an event into account. A policy bounds how many there can be.
pub(super) fn note(stopped: &mut Vec<Stopped>, channel: &str, event: &DefinitionEvent<'_>) {
    let (tool, now) = match *event {
        DefinitionEvent::Listed { .. } | DefinitionEvent::ListingFailed { .. } => return,
        DefinitionEvent::Changed(changed) => (changed.tool, Some(changed)),
        DefinitionEvent::Restored { tool } => (tool, None),
    };
    stopped.retain(|known| known.channel != channel || known.tool != tool);
    stopped.extend(now.map(|changed| Stopped::of(channel, changed)));
}

impl Stopped {
    fn of(channel: &str, changed: &Changed<'_>) -> Self {
        Self {
            channel: channel.to_owned(),
            tool: changed.tool.to_owned(),
            pinned: changed.pinned.to_owned(),
            found: changed.found.to_owned(),
        }
    }
}
