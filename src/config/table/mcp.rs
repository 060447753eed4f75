//! The settings of the MCP side.

use super::{Kind, References, Setting};

pub(super) const MCP_SETTINGS: &[&Setting] = &[
    &SERVER_URLS,
    &MCP_CLIENT_CERT,
    &MCP_CLIENT_KEY,
    &MCP_CLIENT_CERT_ISSUER,
    &MCP_EXTRA_HEADERS,
    &MAX_CONCURRENT,
    &CONNECTION_MAX_TTL,
    &CONNECT_TIMEOUT,
    &HEADER_TIMEOUT,
    &IDLE_TIMEOUT,
];

pub(crate) static SERVER_URLS: Setting = Setting::new(
    "mcp.server_urls",
    "mcp.server-url",
    "MCP_SERVER_URL",
    Kind::Bindings,
    "BINDING",
    "MCP server, repeatable: a URL for channel main, or url=..,channel=..,client-cert=..,client-key=..,ca-bundle=..,tls-min=..",
)
.alias("mcp-server-url");

pub(crate) static MCP_CLIENT_CERT: Setting = Setting::new(
    "mcp.client_cert",
    "mcp.client-cert",
    "MCP_CLIENT_CERT",
    Kind::Single(References::Path),
    "PATH",
    "Certificate chain (PEM) shown to MCP servers whose binding names none; needs the key too",
);

pub(crate) static MCP_CLIENT_KEY: Setting = Setting::new(
    "mcp.client_key",
    "mcp.client-key",
    "MCP_CLIENT_KEY",
    Kind::Single(References::Path),
    "PATH",
    "Private key (PEM) of that certificate",
);

pub(crate) static MCP_CLIENT_CERT_ISSUER: Setting = Setting::new(
    "mcp.client_cert_issuer",
    "mcp.client-cert-issuer",
    "MCP_CLIENT_CERT_ISSUER",
    Kind::Single(References::Path),
    "PATH",
    "The CA certificates (PEM) that must have issued that certificate; any CA without it",
);

pub(crate) static MCP_EXTRA_HEADERS: Setting = Setting::new(
    "mcp.extra_headers",
    "mcp.extra-headers",
    "MCP_EXTRA_HEADERS",
    Kind::Headers,
    "NAME: VALUE",
    "Header sent to every MCP server, repeatable; the value may be env:NAME or file:/path",
)
.alias("mcp-extra-headers");

pub(crate) static MAX_CONCURRENT: Setting = Setting::new(
    "mcp.max_concurrent_requests",
    "mcp.max-concurrent-requests",
    "MCP_MAX_CONCURRENT_REQUESTS",
    Kind::Single(References::No),
    "N",
    "Calls running at the same time on each channel, 1 to 10000",
)
.default("10")
.echo();

pub(crate) static CONNECTION_MAX_TTL: Setting = Setting::new(
    "mcp.connection_max_ttl",
    "mcp.connection-max-ttl",
    "MCP_CONNECTION_MAX_TTL",
    Kind::Single(References::No),
    "DURATION",
    "Longest time one call may take from start to end, at most 24h",
)
.default("10m")
.echo();

pub(crate) static CONNECT_TIMEOUT: Setting = Setting::new(
    "mcp.connect_timeout",
    "mcp.connect-timeout",
    "MCP_CONNECT_TIMEOUT",
    Kind::Single(References::No),
    "DURATION",
    "Longest time to reach an MCP server, TLS included, at most 24h",
)
.default("10s")
.echo();

/// A JSON answer has no headers until the tool is done, so this bounds the tool itself. Two minutes is about when the
/// control plane gives a call up.
pub(crate) static HEADER_TIMEOUT: Setting = Setting::new(
    "mcp.header_timeout",
    "mcp.header-timeout",
    "MCP_HEADER_TIMEOUT",
    Kind::Single(References::No),
    "DURATION",
    "Longest wait for the headers of an answer, at most 24h",
)
.default("2m")
.echo();

pub(crate) static IDLE_TIMEOUT: Setting = Setting::new(
    "mcp.idle_timeout",
    "mcp.idle-timeout",
    "MCP_IDLE_TIMEOUT",
    Kind::Single(References::No),
    "DURATION",
    "Longest silence inside an answer or an event stream, at most 24h",
)
.default("2m")
.echo();
