//! Names an operator may not set, because the agent or HTTP itself depends on them.

use hyper::header::HeaderName;

/// A set of reserved names.
#[derive(Clone, Copy)]
pub(crate) struct Reserved(&'static [&'static str]);

/// Framing, hop-by-hop fields and content coding: never the operator's, on either side.
const EVERYWHERE: &[&str] = &[
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Beside those: who we are and which command is answered (wire sheet 2.1, 2.3; CF-047).
pub(crate) const CONTROL_PLANE: Reserved = Reserved(&[
    "authorization",
    "openai-organization",
    "user-agent",
    "x-client-request-id",
    "x-tunnel-client-instance-id",
    "x-tunnel-client-name",
    "x-tunnel-client-version",
    "x-tunnel-mcp-server-info",
    "x-tunnel-shard-token",
]);

/// Beside those: what belongs to a session or to one message.
pub(crate) const MCP: Reserved = Reserved(&[
    "last-event-id",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
]);

/// Names whose value lets its holder in.
const CREDENTIALS: &[&str] = &["authorization", "cookie", "x-api-key"];

impl Reserved {
    /// Whether `name` is reserved.
    pub(crate) fn holds(self, name: &HeaderName) -> bool {
        self.0.contains(&name.as_str()) || EVERYWHERE.contains(&name.as_str())
    }
}

/// Whether the value of `name` is a credential.
pub(crate) fn is_credential(name: &HeaderName) -> bool {
    CREDENTIALS.contains(&name.as_str())
}
