//! Definitions that are not what the policy pins: each is told once, until it is as pinned again or changes again.

use std::collections::HashMap;

use crate::channel::Channel;
use crate::pin::Pin;
use crate::refusal::Line;

/// The most definitions remembered as told; a policy has far fewer pins.
const TOLD: usize = 16_384;

/// What a server was found to say, where the policy pins it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A definition with this digest.
    Listed(Pin),
    /// A complete listing does not have it, or has it twice.
    Missing,
    /// What is pinned, after it was something else.
    AsPinned,
}

/// A pinned definition that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinChange {
    /// The channel of the server.
    pub channel: Channel,
    /// The tool, by its name in the policy; `None` for the server's instructions.
    pub tool: Option<String>,
    /// What the policy pins.
    pub pinned: Pin,
    /// The line that pins it.
    pub line: Line,
    /// What was found.
    pub found: Found,
}

/// What was told, and what is to be.
#[derive(Default)]
pub(super) struct Changes {
    told: HashMap<(Channel, Option<String>), Found>,
    untold: Vec<PinChange>,
}

impl Changes {
    pub(super) fn found(&mut self, change: PinChange) {
        let place = (change.channel.clone(), change.tool.clone());
        let is_as_pinned =
            change.found == Found::AsPinned || change.found == Found::Listed(change.pinned);
        let before = self.told.get(&place).copied();
        match (is_as_pinned, before) {
            (true, None) => {}
            (true, Some(_)) => {
                self.told.remove(&place);
                self.untold.push(PinChange {
                    found: Found::AsPinned,
                    ..change
                });
            }
            (false, before) if before == Some(change.found) => {}
            (false, _) if self.told.len() < TOLD || self.told.contains_key(&place) => {
                self.told.insert(place, change.found);
                self.untold.push(change);
            }
            (false, _) => {}
        }
    }

    pub(super) fn take(&mut self) -> Vec<PinChange> {
        std::mem::take(&mut self.untold)
    }
}
