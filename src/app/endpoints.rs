//! Every endpoint at start: read together, so that all that is wrong is said at once, and opened together.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;

use super::credentials::{self, Ready};
use super::peers;
use super::rotation::Rotation;
use crate::config::{Binding, Config, Mistake};
use crate::edge::control::ControlClient;
use crate::edge::control::headers::Standing;
use crate::edge::upstream::{HttpServer, OperatorHeaders, Servers};
use crate::ops::Ops;
use crate::runtime::fresh::Fresh;

/// Endpoints whose files passed.
pub(super) struct Read<'a> {
    control: Ready<Standing>,
    servers: Vec<(&'a Binding, Ready<OperatorHeaders>)>,
}

/// Reads the files of every endpoint; `None` after a mistake.
///
/// # Errors
/// When the channels cannot be described.
pub(super) fn read<'a>(
    config: &'a Config,
    fresh: &Fresh,
    mistakes: &mut Vec<Mistake>,
) -> anyhow::Result<Option<Read<'a>>> {
    let public = credentials::public(config);
    let source = peers::control_source(config, &public);
    let control = credentials::read(source, peers::control_use(config, fresh)?, mistakes);
    let mut servers = Vec::new();
    for binding in &config.mcp.bindings {
        let source = peers::server_source(config, binding, &public);
        let ready = credentials::read(source, peers::server_use(config, binding), mistakes);
        servers.extend(ready.map(|ready| (binding, ready)));
    }
    Ok(control.map(|control| Read { control, servers }))
}

impl Read<'_> {
    /// Opens every endpoint, and has it rotated.
    ///
    /// # Errors
    /// What the libraries cannot use, and a system without entropy.
    pub(super) fn open(
        self,
        config: &Config,
        ops: &Arc<Ops>,
    ) -> anyhow::Result<(ControlClient, Servers, Rotation)> {
        let fresh = || Fresh::new().context("the system has no entropy to give");
        let connect = config.mcp.timers.connect;
        let mut rotation = Rotation::new(config, config.mcp.timers.total, Arc::clone(ops));
        let files: Vec<PathBuf> = self.control.files();
        let (side, peer, digest) = self.control.open(connect, ops)?;
        rotation.add(side, digest, files, fresh()?);
        let (endpoint, times) = (peers::addresses(config)?, peers::control_times(config));
        let control = ControlClient::new(peer, endpoint, times, fresh()?);
        let mut by_channel = HashMap::new();
        for (binding, ready) in self.servers {
            let files = ready.files();
            let (side, peer, digest) = ready.open(connect, ops)?;
            rotation.add(side, digest, files, fresh()?);
            let server = HttpServer::new(peer, peers::server_config(config, binding));
            by_channel.insert(binding.channel.clone(), server);
        }
        Ok((control, Servers::new(by_channel), rotation))
    }
}
