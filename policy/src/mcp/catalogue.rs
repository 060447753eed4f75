//! The methods of MCP, by exact name: every request and notification of the five revisions and of the tasks, skills and apps extensions,
//! in both directions (MCP security sheet 1.2). The rows are in `table`.
//!
//! A name that is not here is never treated as one that is (INVARIANT 10). Names compare as bytes after JSON unescaping: no trimming,
//! no folding (A14, B1).

mod table;
#[cfg(test)]
mod tests;

use super::revision::Revision;
use table::{CALLER, SERVER};

/// Whether a method asks for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It has an id and gets one answer.
    Request,
    /// It has no id and gets none.
    Notification,
}

/// What a method of a caller needs in the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Allowed for every listed server.
    Lifecycle,
    /// `notifications/cancelled`: allowed when it names a live call of the same principal.
    Cancel,
    /// `tools/list`: allowed once a tool is listed.
    ToolListing,
    /// `tools/call`: allowed for the tool it names.
    ToolCall,
    /// `resources/list` and `resources/templates/list`: allowed once a resource is listed.
    ResourceListing,
    /// `resources/read`: allowed for the URI it names.
    ResourceRead,
    /// `prompts/list`: allowed once a prompt is listed.
    PromptListing,
    /// `prompts/get`: allowed for the prompt it names.
    PromptGet,
    /// Allowed once `methods` names it, for the object that its selector names.
    Named(Selector),
    /// Known, and never allowed: it answers or reports what a server asked, and no such question is passed on.
    Unlisted,
}

/// What a method that `methods` names acts on; a rule of the policy, or an earlier message, must allow that too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selector {
    /// Nothing.
    Nothing,
    /// The resource of `params.uri`.
    Resource,
    /// The prompt or resource of `params.ref`.
    Reference,
    /// The task of `params.taskId`, which a call of the same principal must have made (B9).
    Task,
    /// All tasks of the principal: the answer is cut down to those (B9).
    Tasks,
    /// What `params.notifications` asks to be told of (B14).
    Subscription,
}

/// What becomes of a message that a server sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// `ping`: answered here.
    Ping,
    /// A question of the server's own: there is no carrier for it (C8).
    Question,
    /// `notifications/progress`: part of the call that gave the token (B13).
    Progress,
    /// Crosses once `server_may_send` names it.
    Listable,
    /// `notifications/tasks/status`: crosses for a task of the same principal (B9).
    TaskStatus,
    /// `notifications/tasks`: crosses on a subscription that names the task (B9, B14).
    Task,
    /// `notifications/subscriptions/acknowledged`: the first message of a subscription (B14).
    Acknowledged,
    /// Never crosses: it reports on a question that was not passed on, or takes back what has an answer of its own.
    Dropped,
}

/// An extension that has methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extension {
    /// `io.modelcontextprotocol/tasks`
    Tasks,
    /// `io.modelcontextprotocol/skills`
    Skills,
}

/// Where a method is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spoken {
    first: Revision,
    last: Revision,
    extension: Option<Extension>,
}

/// One method, as one side may send it.
#[derive(Debug, PartialEq, Eq)]
pub struct Method<C = Class> {
    /// The exact name.
    pub name: &'static str,
    /// Request or notification.
    pub kind: Kind,
    /// What it needs, or what becomes of it.
    pub class: C,
    /// Where it is spoken.
    pub spoken: Spoken,
    /// The member that names what it acts on, as a dotted path; empty when it acts on nothing.
    pub selector: &'static str,
}

impl<C> Method<C> {
    /// Whether a revision has the method, be it through an extension.
    #[must_use]
    pub fn is_in(&self, revision: Revision) -> bool {
        (self.spoken.first..=self.spoken.last).contains(&revision)
    }

    /// The extension that carries it from 2026-07-28 on, if it is not of the core.
    #[must_use]
    pub fn extension(&self) -> Option<Extension> {
        self.spoken.extension
    }
}

impl Class {
    /// Whether what it acts on was made by an earlier message: such a method never passes on trial.
    pub(crate) const fn is_bound(self) -> bool {
        matches!(
            self,
            Self::Unlisted | Self::Named(Selector::Task | Selector::Tasks | Selector::Subscription)
        )
    }
}

/// The caller's method with this exact name.
#[must_use]
pub fn caller(name: &str) -> Option<&'static Method> {
    CALLER.iter().find(|m| m.name == name)
}

/// The server's method with this exact name.
#[must_use]
pub fn server(name: &str) -> Option<&'static Method<Sent>> {
    SERVER.iter().find(|m| m.name == name)
}

/// Every method a caller may send.
pub fn of_callers() -> impl Iterator<Item = &'static Method> {
    CALLER.iter()
}

/// Every method a server may send.
pub fn of_servers() -> impl Iterator<Item = &'static Method<Sent>> {
    SERVER.iter()
}

/// Every name that MCP Apps use between a host and a frame of its own. Neither side may send one here: each is unknown to both.
#[must_use]
pub const fn of_frames() -> &'static [(&'static str, Kind)] {
    &table::FRAME
}

/// Every method a policy may name in `methods`.
pub(crate) fn nameable() -> impl Iterator<Item = &'static Method> {
    CALLER
        .iter()
        .filter(|method| matches!(method.class, Class::Named(_)))
}

/// The one notification of a server that is always part of a call: its progress.
pub const PROGRESS: &str = "notifications/progress";

/// What a server sends when its tools are not those it listed any more.
pub(crate) const TOOLS_CHANGED: &str = "notifications/tools/list_changed";

/// What a server may send during a call once `server_may_send` names it: what carries text or a hint, and asks for nothing.
pub const SERVER_MAY_SEND: [&str; 5] = [
    "notifications/message",
    "notifications/prompts/list_changed",
    "notifications/resources/list_changed",
    "notifications/resources/updated",
    TOOLS_CHANGED,
];

/// Whether a tool name fits the grammar of MCP 2025-11-25 and later: 1 to 128 of `A-Z a-z 0-9 _ - .`, and `/`, which older servers use.
///
/// A name outside it is refused before any look-up (B1, B2). Bytes are compared in a loop, so a trailing line break cannot slip through.
#[must_use]
pub fn is_tool_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/'))
}
