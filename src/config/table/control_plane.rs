//! The settings of the control-plane side.

use super::{Kind, References, Setting};

pub(super) const CONTROL_PLANE_SETTINGS: &[&Setting] = &[
    &BASE_URL,
    &URL_PATH,
    &ALLOWED_HOSTS,
    &TUNNEL_ID,
    &ORGANIZATION_ID,
    &API_KEY,
    &CLIENT_CERT,
    &CLIENT_KEY,
    &CLIENT_CERT_ISSUER,
    &CERT_FORM,
    &SERVER_KEY_PIN,
    &MAX_INFLIGHT,
    &POLL_TIMEOUT,
    &POLL_GUARDRAIL,
    &POLL_CHANNELS,
    &EXTRA_HEADERS,
];

pub(crate) static BASE_URL: Setting = Setting::new(
    "control_plane.base_url",
    "control-plane.base-url",
    "CONTROL_PLANE_BASE_URL",
    Kind::Single(References::InFile),
    "URL",
    "Scheme and host of the control plane; https, or http to loopback. With a client certificate the default host becomes mtls.api.openai.com",
)
.alias("control-plane-base-url")
.default("https://api.openai.com");

pub(crate) static URL_PATH: Setting = Setting::new(
    "control_plane.url_path",
    "control-plane.url-path",
    "CONTROL_PLANE_URL_PATH",
    Kind::Single(References::InFile),
    "PATH",
    "Path prefix of a gateway in front of the control plane",
)
.alias("control-plane-url-path")
.default("")
.empty_ok();

pub(crate) static ALLOWED_HOSTS: Setting = Setting::new(
    "control_plane.allowed_hosts",
    "control-plane.allowed-host",
    "CONTROL_PLANE_ALLOWED_HOSTS",
    Kind::List,
    "HOST",
    "Hosts the control plane may be on, repeatable; unset allows the host of the base URL, whatever it is",
);

pub(crate) static TUNNEL_ID: Setting = Setting::new(
    "control_plane.tunnel_id",
    "control-plane.tunnel-id",
    "CONTROL_PLANE_TUNNEL_ID",
    Kind::Single(References::No),
    "ID",
    "The tunnel to serve: tunnel_ and 32 lower-case letters or digits; required",
)
.alias("control-plane-tunnel-id");

pub(crate) static ORGANIZATION_ID: Setting = Setting::new(
    "control_plane.organization_id",
    "control-plane.organization-id",
    "CONTROL_PLANE_ORGANIZATION_ID",
    Kind::Single(References::No),
    "ID",
    "Organization to send with every request",
)
.alias("control-plane-organization-id")
.empty_ok();

pub(crate) static API_KEY: Setting = Setting::new(
    "control_plane.api_key",
    "control-plane.api-key",
    "CONTROL_PLANE_API_KEY",
    Kind::Single(References::Secret),
    "REF",
    "Where the API key is: env:NAME or file:/path; required. The environment variable holds the key itself",
)
.alias("control-plane-api-key");

pub(crate) static CLIENT_CERT: Setting = Setting::new(
    "control_plane.client_cert",
    "control-plane.client-cert",
    "CONTROL_PLANE_CLIENT_CERT",
    Kind::Single(References::Path),
    "PATH",
    "Certificate chain (PEM) shown to the control plane; needs the key too",
)
.alias("control-plane-client-cert");

pub(crate) static CLIENT_KEY: Setting = Setting::new(
    "control_plane.client_key",
    "control-plane.client-key",
    "CONTROL_PLANE_CLIENT_KEY",
    Kind::Single(References::Path),
    "PATH",
    "Private key (PEM) of that certificate",
)
.alias("control-plane-client-key");

pub(crate) static CLIENT_CERT_ISSUER: Setting = Setting::new(
    "control_plane.client_cert_issuer",
    "control-plane.client-cert-issuer",
    "CONTROL_PLANE_CLIENT_CERT_ISSUER",
    Kind::Single(References::Path),
    "PATH",
    "The CA certificates (PEM) that must have issued that certificate; any CA without it",
);

pub(crate) static CERT_FORM: Setting = Setting::new(
    "control_plane.client_cert_form",
    "control-plane.client-cert-form",
    "CONTROL_PLANE_CLIENT_CERT_FORM",
    Kind::Single(References::No),
    "any|openai-direct|openai-chain",
    "The form the certificate shown to the control plane must have",
)
.default("any")
.echo();

pub(crate) static SERVER_KEY_PIN: Setting = Setting::new(
    "control_plane.server_key_pin",
    "control-plane.server-key-pin",
    "CONTROL_PLANE_SERVER_KEY_PIN",
    Kind::Single(References::No),
    "SHA256",
    "SHA-256 of the public key the control plane must have, in hexadecimal; several with blanks between",
);

pub(crate) static MAX_INFLIGHT: Setting = Setting::new(
    "control_plane.max_inflight_requests",
    "control-plane.max-inflight",
    "CONTROL_PLANE_MAX_INFLIGHT_REQUESTS",
    Kind::Single(References::No),
    "N",
    "Calls of one channel that may wait while it is busy, 1 to 10000",
)
.default("20")
.echo();

pub(crate) static POLL_TIMEOUT: Setting = Setting::new(
    "control_plane.poll_timeout",
    "control-plane.poll-timeout",
    "CONTROL_PLANE_POLL_TIMEOUT",
    Kind::Single(References::No),
    "DURATION",
    "How long one poll may wait for work",
)
.default("30s")
.echo();

pub(crate) static POLL_GUARDRAIL: Setting = Setting::new(
    "control_plane.poll_deadline_guardrail",
    "control-plane.poll-deadline-guardrail",
    "CONTROL_PLANE_POLL_DEADLINE_GUARDRAIL",
    Kind::Single(References::No),
    "DURATION",
    "Time granted beyond the poll timeout before a poll is given up; under 1m, and at most 10m with the poll timeout",
)
.default("5s")
.echo();

pub(crate) static POLL_CHANNELS: Setting = Setting::new(
    "control_plane.poll_channels",
    "control-plane.poll-channel",
    "CONTROL_PLANE_POLL_CHANNELS",
    Kind::List,
    "CHANNEL",
    "Take work for these channels only, repeatable; unset takes all",
);

pub(crate) static EXTRA_HEADERS: Setting = Setting::new(
    "control_plane.extra_headers",
    "control-plane.extra-headers",
    "CONTROL_PLANE_EXTRA_HEADERS",
    Kind::Headers,
    "NAME: VALUE",
    "Header sent to the control plane, repeatable; the value may be env:NAME or file:/path",
);
