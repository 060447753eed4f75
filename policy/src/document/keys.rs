//! The closed schema: which headers a policy file may have, and which keys stand under each.

/// The one version of the language.
pub(super) const VERSION: i64 = 1;

/// The top of the file.
pub(super) const POLICY: [&str; 9] = [
    "schema",
    "name",
    "not_after",
    "limits",
    "audit",
    "reload",
    "server",
    "test",
    "never",
];
/// `[limits]`, and `limits` of a server.
pub(super) const LIMITS: [&str; 7] = [
    "request_bytes",
    "response_bytes",
    "stream_bytes",
    "stream_events",
    "json_depth",
    "json_members",
    "json_nodes",
];
/// `[audit]`.
pub(super) const AUDIT: [&str; 4] = ["on_write_failure", "spool_bytes", "durability", "arguments"];
/// `[reload]`.
pub(super) const RELOAD: [&str; 1] = ["on_invalid"];
/// `[[server]]`.
pub(super) const SERVER: [&str; 12] = [
    "channel",
    "instructions",
    "revisions",
    "tools",
    "methods",
    "server_may_send",
    "forward_headers",
    "limits",
    "observe_until",
    "tool",
    "resource",
    "prompt",
];
/// `[[server.tool]]`.
pub(super) const TOOL: [&str; 5] = ["name", "pin", "calls_per_min", "deny", "args"];
/// `[[server.resource]]`.
pub(super) const RESOURCE: [&str; 3] = ["scheme", "under", "deny"];
/// `[[server.prompt]]`.
pub(super) const PROMPT: [&str; 2] = ["name", "deny"];
/// `[[test]]`.
pub(super) const TEST: [&str; 8] = [
    "name", "channel", "call", "read", "prompt", "method", "expect", "reason",
];
/// `[[never]]`.
pub(super) const NEVER: [&str; 7] = ["why", "channel", "tool", "call", "read", "prompt", "method"];
/// `call` of a test.
pub(super) const CALL: [&str; 2] = ["tool", "args"];
/// What an argument, an element or a member must be.
pub(super) const MATCHER: [&str; 19] = [
    "type",
    "required",
    "one_of",
    "equals",
    "prefix",
    "suffix",
    "path_under",
    "host_in",
    "schemes",
    "min",
    "max",
    "min_bytes",
    "max_bytes",
    "max_items",
    "each",
    "fields",
    "charset",
    "format",
    "pattern",
];

/// Every header a file may have, with its brackets.
pub(super) const HEADERS: [&str; 9] = [
    "[limits]",
    "[audit]",
    "[reload]",
    "[[server]]",
    "[[server.tool]]",
    "[[server.resource]]",
    "[[server.prompt]]",
    "[[test]]",
    "[[never]]",
];

/// Where a key belongs that stands below a header of a server's tool, resource or prompt.
pub(super) fn home(key: &str) -> Option<&'static str> {
    if SERVER.contains(&key) {
        Some("`[[server]]`")
    } else {
        top(key)
    }
}

/// Where a key belongs that stands below any header.
pub(super) fn top(key: &str) -> Option<&'static str> {
    POLICY.contains(&key).then_some("the top of the file")
}

/// Nowhere else.
pub(super) fn nowhere(_: &str) -> Option<&'static str> {
    None
}
