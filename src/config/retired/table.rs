//! The list of settings without effect.

use super::Fate::{self, NotBuilt, NotYet};
use super::Retired;

const FALSE: &[&str] = &["false", "0", "f", "F", "FALSE", "False"];
const NONE: &[&str] = &[];

const fn retired(
    key: &'static str,
    flags: &'static [&'static str],
    env: &'static str,
    off: &'static [&'static str],
    fate: Fate,
) -> Retired {
    Retired {
        key,
        flags,
        env,
        off,
        fate,
    }
}

/// Every setting of the reference client that has no effect here.
pub(crate) static ALL: &[Retired] = &[
    // Choosing a file by name.
    retired(
        "profile",
        &["profile"],
        "TUNNEL_CLIENT_PROFILE",
        NONE,
        NotYet,
    ),
    retired(
        "profile_file",
        &["profile-file"],
        "TUNNEL_CLIENT_PROFILE_FILE",
        NONE,
        NotYet,
    ),
    retired(
        "profile_dir",
        &["profile-dir"],
        "TUNNEL_CLIENT_PROFILE_DIR",
        NONE,
        NotYet,
    ),
    // Proxies.
    retired(
        "http_proxy",
        &["http-proxy"],
        "TUNNEL_CLIENT_HTTP_PROXY",
        NONE,
        NotYet,
    ),
    retired(
        "control_plane.http_proxy",
        &["control-plane.http-proxy"],
        "CONTROL_PLANE_HTTP_PROXY",
        NONE,
        NotYet,
    ),
    retired(
        "mcp.http_proxy",
        &["mcp.http-proxy"],
        "MCP_HTTP_PROXY",
        NONE,
        NotYet,
    ),
    retired(
        "harpoon.http_proxy",
        &["harpoon.http-proxy"],
        "HARPOON_HTTP_PROXY",
        NONE,
        NotYet,
    ),
    retired(
        "proxy.check_interval",
        &["proxy.check-interval"],
        "PROXY_CHECK_INTERVAL",
        &["60s", "1m"],
        NotYet,
    ),
    // MCP servers as child processes, OAuth discovery, waiting for a server.
    retired(
        "mcp.commands",
        &["mcp.command", "mcp-command"],
        "MCP_COMMAND",
        NONE,
        NotYet,
    ),
    retired(
        "mcp.discovery_extra_headers",
        &["mcp.discovery-extra-headers", "mcp-discovery-extra-headers"],
        "MCP_DISCOVERY_EXTRA_HEADERS",
        NONE,
        NotYet,
    ),
    retired(
        "mcp.startup_wait_timeout",
        &["mcp.startup-wait-timeout"],
        "MCP_STARTUP_WAIT_TIMEOUT",
        &["0s", "0"],
        NotYet,
    ),
    // Log files.
    retired("log.file", &["log.file"], "LOG_FILE", NONE, NotYet),
    retired(
        "log.http_raw_unsafe",
        &["log.http-raw-unsafe"],
        "LOG_HTTP_RAW_UNSAFE",
        FALSE,
        NotBuilt,
    ),
    // The browser interface.
    retired(
        "admin_ui.allow_remote",
        &["allow-remote-ui"],
        "ALLOW_REMOTE_UI",
        FALSE,
        NotBuilt,
    ),
    retired(
        "admin_ui.open_browser",
        &["open-web-ui"],
        "OPEN_WEB_UI",
        FALSE,
        NotBuilt,
    ),
    retired(
        "admin_ui.log_buffer_events",
        &["admin-ui.log-buffer-events"],
        "ADMIN_UI_LOG_BUFFER_EVENTS",
        &["2000"],
        NotBuilt,
    ),
    // Harpoon: a fixed list of targets may come, hosts found by themselves never will.
    retired(
        "harpoon.targets",
        &["harpoon.target"],
        "HARPOON_TARGETS",
        NONE,
        NotYet,
    ),
    retired(
        "harpoon.allow_plaintext_http",
        &["harpoon.allow-plaintext-http"],
        "HARPOON_ALLOW_PLAINTEXT_HTTP",
        FALSE,
        NotBuilt,
    ),
    retired(
        "harpoon.max_response_bytes",
        &["harpoon.max-response-bytes"],
        "HARPOON_MAX_RESPONSE_BYTES",
        &["102400"],
        NotYet,
    ),
    retired(
        "harpoon.max_redirects",
        &["harpoon.max-redirects"],
        "HARPOON_MAX_REDIRECTS",
        &["0", "5"],
        NotYet,
    ),
    retired(
        "harpoon.additional_transports",
        &["harpoon.additional-transport"],
        "HARPOON_ADDITIONAL_TRANSPORTS",
        NONE,
        NotBuilt,
    ),
    retired(
        "harpoon.hosts_include_suffix",
        &["harpoon.hosts-include-suffix"],
        "HARPOON_HOSTS_INCLUDE_SUFFIX",
        NONE,
        NotBuilt,
    ),
    retired(
        "harpoon.hosts_include_regex",
        &["harpoon.hosts-include-regex"],
        "HARPOON_HOSTS_INCLUDE_REGEX",
        NONE,
        NotBuilt,
    ),
    retired(
        "harpoon.hosts_include_loopback",
        &["harpoon.hosts-include-loopback"],
        "HARPOON_HOSTS_INCLUDE_LOOPBACK",
        FALSE,
        NotBuilt,
    ),
    retired(
        "harpoon.hosts_include_private",
        &["harpoon.hosts-include-private"],
        "HARPOON_HOSTS_INCLUDE_PRIVATE",
        FALSE,
        NotBuilt,
    ),
    retired(
        "harpoon.capture_payloads",
        &["harpoon.capture-payloads"],
        "HARPOON_CAPTURE_PAYLOADS",
        FALSE,
        NotBuilt,
    ),
    // The cloudflared companion, a second way out.
    retired(
        "cloudflared.token",
        &["cloudflared.token"],
        "CLOUDFLARED_TUNNEL_TOKEN",
        NONE,
        NotBuilt,
    ),
    retired(
        "cloudflared.managed",
        &["cloudflared.managed"],
        "CLOUDFLARED_MANAGED",
        FALSE,
        NotBuilt,
    ),
    retired(
        "cloudflared.path",
        &["cloudflared.path"],
        "CLOUDFLARED_PATH",
        NONE,
        NotBuilt,
    ),
    retired(
        "cloudflared.ready_timeout",
        &["cloudflared.ready-timeout"],
        "CLOUDFLARED_READY_TIMEOUT",
        &["30s"],
        NotBuilt,
    ),
    // A hidden hook that would send the API key to a Unix socket.
    retired(
        "integration_socket",
        &[],
        "TUNNEL_INTEGRATION_TUNNEL_SERVICE_SOCKET_PATH",
        NONE,
        NotBuilt,
    ),
    // The embedded test server.
    retired(
        "embedded_mcp_stub",
        &["embedded-mcp-stub"],
        "",
        FALSE,
        NotBuilt,
    ),
    retired(
        "embedded_mcp_listen_addr",
        &["embedded-mcp-listen-addr"],
        "",
        NONE,
        NotBuilt,
    ),
    retired(
        "embedded_mcp_server_name",
        &["embedded-mcp-server-name"],
        "",
        NONE,
        NotBuilt,
    ),
    retired(
        "embedded_mcp_server_version",
        &["embedded-mcp-server-version"],
        "",
        NONE,
        NotBuilt,
    ),
];
