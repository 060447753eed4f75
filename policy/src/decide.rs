//! The combining rule.
//!
//! Every rule of the policy that has something to say about an ask gives one vote. A forbid wins whatever the order; without a permit
//! the answer is no (INVARIANT 3, INVARIANT 4). There are no priorities, no defaults to switch and no cache.

use crate::document::Server;
use crate::mcp::catalogue::{Class, Method, is_tool_name};
use crate::refusal::{Line, Reason};

/// What is asked of a server, reduced to what rules may look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The method, from the catalogue.
    pub method: &'static Method,
    /// `params.name` of a tool call.
    pub tool: Option<String>,
    /// Whether the call asks for a task (`params.task`, MCP 2025-11-25).
    pub as_task: bool,
    /// Whether the call answers a server's question (`params.inputResponses` or `params.requestState`, MCP 2026-07-28).
    pub has_input: bool,
}

/// One rule's say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vote {
    /// Not allowed, for this reason, by this line if a line says so.
    Forbid(Reason, Option<Line>),
    /// Allowed by this line.
    Permit(Line),
}

/// The outcome of all votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Allowed by this line.
    Permitted(Line),
    /// Not allowed, for this reason.
    Refused(Reason, Option<Line>),
}

/// Combines votes: the first forbid in reading order names the reason, else the first permit names the line, else `unlisted` is the reason.
///
/// Whether the outcome is a permit does not depend on the order.
pub fn combine(votes: impl IntoIterator<Item = Vote>, unlisted: Reason) -> Decision {
    let mut decision = Decision::Refused(unlisted, None);
    for vote in votes {
        match (vote, decision) {
            (Vote::Forbid(reason, line), _) => return Decision::Refused(reason, line),
            (Vote::Permit(line), Decision::Refused(..)) => decision = Decision::Permitted(line),
            (Vote::Permit(_), Decision::Permitted(_)) => {}
        }
    }
    decision
}

/// Decides one ask against one server's rules.
#[must_use]
pub fn decide(server: &Server, ask: &Ask) -> Decision {
    match ask.method.class {
        Class::Lifecycle | Class::Cancel => {
            combine([Vote::Permit(server.line())], Reason::MethodNotListed)
        }
        Class::ToolListing => combine(
            server.tools().next().map(|(_, line)| Vote::Permit(line)),
            Reason::MethodNotListed,
        ),
        Class::ToolCall => tool_call(server, ask.tool.as_deref(), extensions(ask)),
        Class::Unlisted => combine([], Reason::MethodNotListed),
    }
}

/// What a call may ask for beside its tool; neither can be listed yet.
fn extensions(ask: &Ask) -> [Option<Vote>; 2] {
    [
        ask.as_task
            .then_some(Vote::Forbid(Reason::TaskNotListed, None)),
        ask.has_input
            .then_some(Vote::Forbid(Reason::InputNotListed, None)),
    ]
}

fn tool_call(server: &Server, tool: Option<&str>, extensions: [Option<Vote>; 2]) -> Decision {
    let Some(name) = tool.filter(|name| is_tool_name(name)) else {
        return Decision::Refused(Reason::ToolNameInvalid, None);
    };
    let permit = server.tool(name).map(Vote::Permit);
    combine(
        extensions.into_iter().flatten().chain(permit),
        Reason::ToolNotListed,
    )
}

/// Whether a tool may be seen in a listing: the decision that a plain call of it gets, made by the same code (PF7).
#[must_use]
pub fn is_listed(server: &Server, tool: &str) -> bool {
    matches!(
        tool_call(server, Some(tool), [None, None]),
        Decision::Permitted(_)
    )
}
