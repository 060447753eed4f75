//! The settings of the agent itself: file, trust, policy, log, shutdown.

use super::{Kind, References, Setting};

pub(super) const AGENT_SETTINGS: &[&Setting] = &[
    &CA_BUNDLE,
    &TRUST_MODE,
    &SYSTEM_ROOTS,
    &CRL_FILES,
    &CERT_PROFILE,
    &POLICY_FILE,
    &ROTATION_DEBOUNCE,
    &ROTATION_WATCH,
    &ROTATION_TRIAL,
    &LOG_LEVEL,
    &LOG_FORMAT,
    &DRAIN_TIMEOUT,
];

/// Where the file itself is: a flag and a variable only, so it is not part of `all()`.
pub(crate) static CONFIG_FILE: Setting = Setting::new(
    "config",
    "config",
    "TUNNEL_CLIENT_CONFIG",
    Kind::Single(References::No),
    "PATH",
    "The configuration file (YAML)",
);

pub(crate) static CA_BUNDLE: Setting = Setting::new(
    "ca_bundle",
    "ca-bundle",
    "CA_BUNDLE",
    Kind::Single(References::Path),
    "PATH",
    "Private CA certificates (PEM), used as trust.mode says",
);

pub(crate) static TRUST_MODE: Setting = Setting::new(
    "trust.mode",
    "trust.mode",
    "TRUST_MODE",
    Kind::Single(References::No),
    "add|replace",
    "Whether the CA bundle is added to the public roots or used in place of them",
)
.default("add")
.echo();

pub(crate) static SYSTEM_ROOTS: Setting = Setting::new(
    "trust.system_roots",
    "trust.system-roots",
    "TRUST_SYSTEM_ROOTS",
    Kind::Single(References::No),
    "true|false",
    "Whether the roots of the operating system join the built-in public ones (trust.mode add only)",
)
.default("true")
.echo();

pub(crate) static CRL_FILES: Setting = Setting::new(
    "trust.crl_files",
    "trust.crl-file",
    "TRUST_CRL_FILES",
    Kind::List,
    "PATH",
    "A revocation list (PEM or DER), repeatable",
);

pub(crate) static CERT_PROFILE: Setting = Setting::new(
    "trust.profile",
    "trust.profile",
    "TRUST_PROFILE",
    Kind::Single(References::No),
    "default|strict",
    "Whether certificates that are unwise are told or refused",
)
.default("default")
.echo();

pub(crate) static POLICY_FILE: Setting = Setting::new(
    "policy.file",
    "policy.file",
    "POLICY_FILE",
    Kind::Single(References::Path),
    "PATH",
    "The policy: what may cross",
)
.default("/etc/portcullis/policy.toml");

pub(crate) static ROTATION_DEBOUNCE: Setting = Setting::new(
    "rotation.debounce",
    "rotation.debounce",
    "ROTATION_DEBOUNCE",
    Kind::Single(References::No),
    "DURATION",
    "How long certificates, keys, roots and secrets must be quiet before they are read again, at most 10s",
)
.default("2s")
.echo();

pub(crate) static ROTATION_WATCH: Setting = Setting::new(
    "rotation.watch",
    "rotation.watch",
    "ROTATION_WATCH",
    Kind::Single(References::No),
    "true|false",
    "Whether changes of those files are followed as they happen; they are looked for once a minute besides",
)
.default("true")
.echo();

pub(crate) static ROTATION_TRIAL: Setting = Setting::new(
    "rotation.trial",
    "rotation.trial",
    "ROTATION_TRIAL",
    Kind::Single(References::No),
    "true|false",
    "Whether a new identity is tried at the control plane with one harmless request before it is used",
)
.default("true")
.echo();

pub(crate) static LOG_LEVEL: Setting = Setting::new(
    "log.level",
    "log.level",
    "LOG_LEVEL",
    Kind::Single(References::No),
    "debug|info|warn|error",
    "Least important records to log",
)
.default("info")
.echo();

pub(crate) static LOG_FORMAT: Setting = Setting::new(
    "log.format",
    "log.format",
    "LOG_FORMAT",
    Kind::Single(References::No),
    "json|struct-text",
    "Shape of log lines",
)
.default("struct-text")
.echo();

pub(crate) static DRAIN_TIMEOUT: Setting = Setting::new(
    "shutdown.drain_timeout",
    "shutdown.drain-timeout",
    "SHUTDOWN_DRAIN_TIMEOUT",
    Kind::Single(References::No),
    "DURATION",
    "After a stop signal, how long running calls may finish, at most 1h",
)
.default("60s")
.echo();
