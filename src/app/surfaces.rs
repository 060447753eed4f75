//! What operators see, opened and closed: the two listeners, the two files, the watch and the probes.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::signal::unix::Signal;
use tokio::task::JoinSet;

use super::Agent;
use super::probe;
use super::rotation::Rotation;
use crate::config::{Config, ConfigError, ConfiguredPath, Health};
use crate::ops::admin::files::{PidFile, UrlFile};
use crate::ops::admin::listen::{Bound, Place};
use crate::ops::admin::{control, health};
use tracing::info;

/// Mode of the operator's socket: the agent's user alone.
const OPERATOR: u32 = 0o600;
/// Mode of a health socket: the agent's user and group.
const PROBES: u32 = 0o660;

/// Everything that is open; dropping it closes and removes it.
pub(super) struct Surfaces {
    tasks: JoinSet<()>,
    _url_file: Option<UrlFile>,
    _pid_file: Option<PidFile>,
}

impl Surfaces {
    /// Opens everything, before the first poll.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting of what cannot be opened or written.
    pub(super) async fn open(
        config: &Config,
        agent: &Arc<Agent>,
        own: u32,
    ) -> anyhow::Result<Self> {
        let pid_file = optional(config.health.pid_file.as_ref(), PidFile::take)?;
        let operators = operators(config).await?;
        let probes = probes(&config.health).await?;
        let url = probes.url();
        let url_file = optional(config.health.url_file.as_ref(), |path| {
            UrlFile::write(path, &url)
        })?;
        info!(url, socket = %config.state.socket.path().display(), "serving health and status");
        let mut tasks = JoinSet::new();
        tasks.spawn(health::serve(probes, agent.ops.clone()));
        tasks.spawn(control::serve(operators, own, agent.ops.clone()));
        let ops = agent.ops.clone();
        tasks.spawn(async move { ops.keep_watch().await });
        let ops = agent.ops.clone();
        tasks.spawn(async move { ops.heed_audit().await });
        for channel in super::channels(config) {
            tasks.spawn(probe::keep_probing(agent.clone(), channel));
        }
        Ok(Self {
            tasks,
            _url_file: url_file,
            _pid_file: pid_file,
        })
    }

    /// Rotates until everything is closed.
    pub(super) fn rotate(&mut self, rotation: Rotation, hangups: Signal) {
        rotation.start(hangups, &mut self.tasks);
    }

    /// Closes the listeners and removes what they left in the file system.
    pub(super) async fn close(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn operators(config: &Config) -> anyhow::Result<Bound> {
    let socket = &config.state.socket;
    let place = Place::Unix {
        path: socket.path().to_owned(),
        mode: OPERATOR,
    };
    let bound = Bound::open(&place).await;
    Ok(bound.map_err(|error| {
        unusable(
            socket,
            &error,
            "name another path with --admin.socket, at most 107 bytes long",
        )
    })?)
}

async fn probes(health: &Health) -> anyhow::Result<Bound> {
    let Some(socket) = &health.unix_socket else {
        let place = Place::Tcp(health.address);
        let bound = Bound::open(&place).await;
        return Ok(bound.map_err(|error| {
            let address = health.address;
            let setting = ConfiguredPath::new(address.to_string(), "health.listen_addr", health.address_source.clone());
            unusable(&setting, &error, "stop what listens there, or name another port with --health.listen-addr (port 0 takes a free one)")
        })?);
    };
    let place = Place::Unix {
        path: socket.path().to_owned(),
        mode: PROBES,
    };
    let bound = Bound::open(&place).await;
    Ok(bound.map_err(|error| {
        unusable(
            socket,
            &error,
            "name another path with --health.unix-socket",
        )
    })?)
}

fn optional<T>(
    path: Option<&ConfiguredPath>,
    open: impl FnOnce(PathBuf) -> std::io::Result<T>,
) -> anyhow::Result<Option<T>> {
    let Some(path) = path else { return Ok(None) };
    let opened = open(path.path().to_owned());
    Ok(Some(opened.map_err(|error| {
        unusable(path, &error, "stop the other agent, or name another path")
    })?))
}

fn unusable(at: &ConfiguredPath, error: &std::io::Error, remedy: &str) -> ConfigError {
    let problem = format!("`{}` cannot be used ({error})", at.path().display());
    ConfigError {
        mistakes: vec![at.mistake(problem, remedy)],
    }
}
