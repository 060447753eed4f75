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
    /// Known, and refused until a policy can name it.
    Unlisted,
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
    request("resources/list", Class::Unlisted),
    request("resources/templates/list", Class::Unlisted),
    request("resources/read", Class::Unlisted),
    request("resources/subscribe", Class::Unlisted),
    request("resources/unsubscribe", Class::Unlisted),
    request("resources/directory/read", Class::Unlisted),
    request("prompts/list", Class::Unlisted),
    request("prompts/get", Class::Unlisted),
    request("completion/complete", Class::Unlisted),
    request("logging/setLevel", Class::Unlisted),
    request("tasks/get", Class::Unlisted),
    request("tasks/result", Class::Unlisted),
    request("tasks/cancel", Class::Unlisted),
    request("tasks/list", Class::Unlisted),
    request("tasks/update", Class::Unlisted),
    request("subscriptions/listen", Class::Unlisted),
    request("skills/list", Class::Unlisted),
    request("skills/get", Class::Unlisted),
    notification("notifications/initialized", Class::Lifecycle),
    notification("notifications/cancelled", Class::Cancel),
    notification("notifications/progress", Class::Unlisted),
    notification("notifications/roots/list_changed", Class::Unlisted),
    notification("notifications/tasks/status", Class::Unlisted),
    notification("notifications/tasks", Class::Unlisted),
    notification("notifications/message", Class::Unlisted),
];

/// The caller's method with this exact name.
#[must_use]
pub fn caller(name: &str) -> Option<&'static Method> {
    CALLER.iter().find(|m| m.name == name)
}

/// The one notification of a server that is always part of a call: its progress.
pub const PROGRESS: &str = "notifications/progress";

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
