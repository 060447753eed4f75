//! What is asked of a server, as the rules see it.

use crate::gate::Kept;
use crate::mcp::catalogue::{Class, Method, Selector};
use crate::pin::Pin;
pub use crate::refers::{Cursor, Earlier, Listens, Refers};

/// What is asked of a server, reduced to what rules may look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The method, from the catalogue.
    pub method: &'static Method,
    /// `params.name` of a tool call.
    pub tool: Option<String>,
    /// `params.name` of a prompt, or `params.ref.name` of a completion for one.
    pub prompt: Option<String>,
    /// `params.uri` of a resource, or `params.ref.uri` of a completion for one.
    pub uri: Option<String>,
    /// `params.arguments` of a tool call.
    pub arguments: Option<Kept>,
    /// Whether the call asks for a task (`params.task`, MCP 2025-11-25).
    pub as_task: bool,
    /// Whether the call answers a server's question (`params.inputResponses`, MCP 2026-07-28).
    pub has_input: bool,
    /// What of earlier messages it refers to.
    pub refers: Refers,
}

impl Ask {
    /// What the routing header `Mcp-Name` repeats, besides a tool's name: the prompt of `prompts/get`, the URI of `resources/read`, the
    /// task of a method of the tasks extension.
    pub(crate) fn named(&self) -> Option<&str> {
        match self.method.class {
            Class::PromptGet => self.prompt.as_deref(),
            Class::ResourceRead => self.uri.as_deref(),
            Class::ToolCall => self.tool.as_deref(),
            Class::Named(Selector::Task) => self.refers.task.as_deref(),
            Class::Lifecycle
            | Class::Cancel
            | Class::ToolListing
            | Class::ResourceListing
            | Class::PromptListing
            | Class::Named(
                Selector::Nothing
                | Selector::Resource
                | Selector::Reference
                | Selector::Tasks
                | Selector::Subscription,
            )
            | Class::Unlisted => None,
        }
    }
}

/// What is known of the definition of the tool that is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Definition {
    /// Nothing: the server has not listed it in this session. A pinned tool is not called then.
    Unseen,
    /// The server listed it in this session, and this is its digest.
    Seen(Pin),
    /// It is taken to be what the policy pins: for questions about the rules alone.
    AsPinned,
}
