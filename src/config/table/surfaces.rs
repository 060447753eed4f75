//! The settings of what operators see: state, health, the operator's socket, the process file.

use super::{Kind, References, Setting};

pub(super) const SURFACE_SETTINGS: &[&Setting] = &[
    &STATE_DIR,
    &ADMIN_SOCKET,
    &HEALTH_LISTEN_ADDR,
    &HEALTH_UNIX_SOCKET,
    &HEALTH_ALLOW_REMOTE,
    &HEALTH_URL_FILE,
    &PID_FILE,
];

pub(crate) static STATE_DIR: Setting = Setting::new(
    "state.dir",
    "state.dir",
    "STATE_DIR",
    Kind::Single(References::Path),
    "PATH",
    "Directory for everything that outlives a restart, one for each agent; made with mode 0700. Unset: the first path of STATE_DIRECTORY, else /var/lib/portcullis",
);

pub(crate) static ADMIN_SOCKET: Setting = Setting::new(
    "admin.socket",
    "admin.socket",
    "ADMIN_SOCKET",
    Kind::Single(References::Path),
    "PATH",
    "Unix socket for `portcullis status`, `drop` and their like, mode 0600. Unset: admin.sock in the state directory",
)
.alias("socket");

pub(crate) static HEALTH_LISTEN_ADDR: Setting = Setting::new(
    "health.listen_addr",
    "health.listen-addr",
    "HEALTH_LISTEN_ADDR",
    Kind::Single(References::No),
    "ADDRESS:PORT",
    "Where /healthz, /readyz and /metrics are served; port 0 takes a free one. Only loopback, unless health.allow_remote",
)
.alias("health-listen-addr")
.default("127.0.0.1:8080")
.echo();

pub(crate) static HEALTH_UNIX_SOCKET: Setting = Setting::new(
    "health.unix_socket",
    "health.unix-socket",
    "HEALTH_UNIX_SOCKET",
    Kind::Single(References::Path),
    "PATH",
    "Serve them on this Unix socket instead, mode 0660",
)
.alias("health-unix-socket");

pub(crate) static HEALTH_ALLOW_REMOTE: Setting = Setting::new(
    "health.allow_remote",
    "health.allow-remote",
    "HEALTH_ALLOW_REMOTE",
    Kind::Single(References::No),
    "true|false",
    "Let health.listen_addr be an address that others can reach; they learn whether the agent is ready, not why not",
)
.default("false")
.echo();

pub(crate) static HEALTH_URL_FILE: Setting = Setting::new(
    "health.url_file",
    "health.url-file",
    "HEALTH_URL_FILE",
    Kind::Single(References::Path),
    "PATH",
    "File to write the URL of the health listener to; removed on stop",
)
.alias("health-url-file");

pub(crate) static PID_FILE: Setting = Setting::new(
    "process.pid_file",
    "pid.file",
    "PID_FILE",
    Kind::Single(References::Path),
    "PATH",
    "File to write the process id to; locked while the agent runs, removed on stop",
);
