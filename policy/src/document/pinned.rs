//! What a policy pins of one server.

use super::Server;
use super::mistake::Mistakes;
use crate::pin::Pin;
use crate::refusal::Line;

/// A pin and the line it stands on.
pub(crate) type PinLine = (Pin, Line);

impl Server {
    /// What the policy pins this tool to, if it does.
    #[must_use]
    pub fn pin(&self, tool: &str) -> Option<Pin> {
        self.tools.get(tool)?.pin.map(|(pin, _)| pin)
    }

    /// What the policy pins this tool to, and the line.
    #[must_use]
    pub fn pinned(&self, tool: &str) -> Option<(Pin, Line)> {
        self.tools.get(tool)?.pin
    }

    /// Whether the policy says anything of this tool: that it may be called, or that it is denied.
    #[must_use]
    pub fn rules_tool(&self, name: &str) -> bool {
        self.tools.contains_key(name)
    }

    /// Whether any tool may be called only as it is pinned.
    #[must_use]
    pub fn has_pins(&self) -> bool {
        self.pins().next().is_some()
    }

    /// The tools that may be called only as they are pinned.
    pub(crate) fn pins(&self) -> impl Iterator<Item = (&str, PinLine)> {
        let pinned = self.tools.iter();
        pinned.filter_map(|(name, tool)| Some((name.as_str(), tool.pin?)))
    }

    /// What the policy pins the server's own instructions to, if it does.
    #[must_use]
    pub fn instructions(&self) -> Option<(Pin, Line)> {
        self.instructions
    }
}

/// Warns of a server whose tools are held to what was reviewed while its instructions, which a model reads before any tool, are not.
pub(super) fn check(server: &Server, at: usize, mistakes: &mut Mistakes<'_>) {
    if server.has_pins() && server.instructions.is_none() {
        mistakes.warn(
            at,
            "the tools of this server are pinned and its instructions are not: they may change unnoticed",
            "add the `instructions` you reviewed, or the pin of the empty text if there must be none: `portcullis policy pins` tells it",
        );
    }
}
