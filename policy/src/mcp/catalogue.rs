//! The methods of MCP, by exact name.
//!
//! A name that is not here is never treated as one that is (INVARIANT 10). Names compare as bytes after JSON unescaping: no trimming,
//! no folding (A14, B1).

/// Whether a method asks for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It has an id and gets one answer.
    Request,
    /// It has no id and gets none.
    Notification,
}

/// What a method needs in the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Allowed for every listed server.
    Lifecycle,
    /// `notifications/cancelled`: allowed when it names a live call of the same channel and session.
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
    /// Known, and refused until a policy can name it.
    Unlisted,
}

/// What a method that `methods` names acts on; a rule of the policy must list that too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selector {
    /// Nothing.
    Nothing,
    /// The resource of `params.uri`.
    Resource,
    /// The prompt or resource of `params.ref`.
    Reference,
}

/// One method.
#[derive(Debug, PartialEq, Eq)]
pub struct Method {
    /// The exact name.
    pub name: &'static str,
    /// Request or notification.
    pub kind: Kind,
    /// What it needs in the policy.
    pub class: Class,
}

const fn request(name: &'static str, class: Class) -> Method {
    Method {
        name,
        kind: Kind::Request,
        class,
    }
}

const fn notification(name: &'static str, class: Class) -> Method {
    Method {
        name,
        kind: Kind::Notification,
        class,
    }
}

/// What a caller may name (MCP security sheet 1.2, direction C to S).
static CALLER: [Method; 30] = [
    request("initialize", Class::Lifecycle),
    request("ping", Class::Lifecycle),
    request("server/discover", Class::Lifecycle),
    request("tools/list", Class::ToolListing),
    request("tools/call", Class::ToolCall),
    request("resources/list", Class::ResourceListing),
    request("resources/templates/list", Class::ResourceListing),
    request("resources/read", Class::ResourceRead),
    request("resources/subscribe", Class::Named(Selector::Resource)),
    request("resources/unsubscribe", Class::Named(Selector::Resource)),
    request("resources/directory/read", Class::Named(Selector::Resource)),
    request("prompts/list", Class::PromptListing),
    request("prompts/get", Class::PromptGet),
    request("completion/complete", Class::Named(Selector::Reference)),
    request("logging/setLevel", Class::Named(Selector::Nothing)),
    request("tasks/get", Class::Unlisted),
    request("tasks/result", Class::Unlisted),
    request("tasks/cancel", Class::Unlisted),
    request("tasks/list", Class::Unlisted),
    request("tasks/update", Class::Unlisted),
    request("subscriptions/listen", Class::Unlisted),
    request("skills/list", Class::Named(Selector::Nothing)),
    request("skills/get", Class::Named(Selector::Resource)),
    notification("notifications/initialized", Class::Lifecycle),
    notification("notifications/cancelled", Class::Cancel),
    notification("notifications/progress", Class::Named(Selector::Nothing)),
    notification(
        "notifications/roots/list_changed",
        Class::Named(Selector::Nothing),
    ),
    notification("notifications/tasks/status", Class::Unlisted),
    notification("notifications/tasks", Class::Unlisted),
    notification("notifications/message", Class::Unlisted),
];

/// The caller's method with this exact name.
#[must_use]
pub fn caller(name: &str) -> Option<&'static Method> {
    CALLER.iter().find(|m| m.name == name)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact_a14_b1() {
        assert!(caller("tools/call").is_some());
        for near in [
            "",
            " tools/call",
            "tools/call ",
            "Tools/Call",
            "tools/call\n",
            "tools/cal",
            "tools\\/call",
            "rpc.discover",
            "ui/initialize",
        ] {
            assert!(caller(near).is_none(), "{near:?}");
        }
    }

    #[test]
    fn no_name_stands_twice() {
        for (i, method) in CALLER.iter().enumerate() {
            assert!(
                CALLER
                    .iter()
                    .skip(i + 1)
                    .all(|other| other.name != method.name),
                "{}",
                method.name
            );
        }
    }

    #[test]
    fn tool_names_fit_the_ascii_grammar_b1_b2() {
        for good in ["echo", "a", "A-b_c.d/e", "0"] {
            assert!(is_tool_name(good), "{good:?}");
        }
        let long = "x".repeat(129);
        for bad in [
            "",
            "echo ",
            "echo\n",
            "echo\u{0}",
            "e\u{441}ho",
            "\u{ff45}cho",
            "ec\u{200b}ho",
            long.as_str(),
        ] {
            assert!(!is_tool_name(bad), "{bad:?}");
        }
    }
}
