//! The lines about definitions that the policy pins.

use tracing::{debug, info, warn};

use crate::ops::event::{Changed, DefinitionEvent};

/// Writes the line of an event. The new pin stands as it would stand in the policy, so that it can be reviewed and pasted.
pub(super) fn write(channel: &str, event: &DefinitionEvent<'_>) {
    match *event {
        DefinitionEvent::Listed { pages } => {
            debug!(channel, pages, "listed the tools of the MCP server");
        }
        DefinitionEvent::ListingFailed { reason } => {
            warn!(
                channel,
                reason, "could not list the tools of the MCP server"
            );
        }
        DefinitionEvent::Changed(Changed {
            tool: "",
            pinned,
            found,
            line,
        }) => {
            warn!(
                channel,
                instructions = found,
                pinned,
                policy_line = line,
                "the instructions of the MCP server are not those that are pinned"
            );
        }
        DefinitionEvent::Changed(Changed {
            tool,
            pinned,
            found: "",
            line,
        }) => {
            warn!(
                channel,
                tool,
                pinned,
                policy_line = line,
                "a pinned tool is gone from the MCP server, or stands there twice"
            );
        }
        DefinitionEvent::Changed(Changed {
            tool,
            pinned,
            found,
            line,
        }) => {
            warn!(
                channel,
                tool,
                pin = found,
                pinned,
                policy_line = line,
                "stopped a tool: its definition is not the one that is pinned"
            );
        }
        DefinitionEvent::Restored { tool } => {
            info!(channel, tool, "what is pinned is as it is pinned again");
        }
    }
}
