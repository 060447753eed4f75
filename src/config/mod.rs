//! Flags, environment and file to one checked `Config`.
//!
//! Promises: the names of the reference client; flag before environment before file before default; every mistake in one report, each with its
//! setting, source and remedy; secrets by reference only and never in a message. Nothing is read from the network.
//! Leaves to others: the content of certificates, roots and policy. Their faults take the same form through `ConfiguredPath::mistake`.

mod channel;
mod control_plane;
mod duration;
mod env;
mod files;
mod flags;
mod given;
mod headers;
mod health;
mod log;
mod mcp;
mod mistake;
mod number;
mod paths;
mod pin;
mod policy;
mod reader;
mod reference;
mod retired;
mod rotation;
mod secret;
mod shutdown;
mod sources;
mod state;
mod switch;
mod table;
#[cfg(test)]
mod tests;
mod trust;
mod tunnel_id;
mod url;
mod yaml;

use clap::ArgMatches;

pub use control_plane::{CertForm, ControlPlane, Polling};
pub use duration::parse as parse_duration;
pub use env::Environment;
pub use flags::arguments;
pub use headers::ExtraHeader;
pub use health::Health;
pub use mcp::{Binding, Mcp, Timers, TlsMin};
pub use mistake::{ConfigError, Fault, Mistake, Notice, Source};
pub use paths::{ClientIdentity, ConfiguredPath};
pub use rotation::Rotation;
pub use secret::{SECRET_FILE_CAP, Secret, SecretRef, is_api_key};
pub use shutdown::Shutdown;
pub use state::{State, agent_arguments, agent_socket};
pub use trust::{CertProfile, Trust, TrustMode};
pub use tunnel_id::TunnelId;
pub use url::Url;

use crate::ops::log::Log;
use reader::Reader;
use sources::Sources;

/// A configuration without a mistake.
#[derive(Clone, Debug)]
pub struct Config {
    /// The control-plane side.
    pub control_plane: ControlPlane,
    /// The private servers.
    pub mcp: Mcp,
    /// The roots.
    pub trust: Trust,
    /// The file of the policy.
    pub policy: ConfiguredPath,
    /// What outlives a restart, and the operator's socket.
    pub state: State,
    /// The health listener and the files of the process.
    pub health: Health,
    /// Taking up what changed.
    pub rotation: Rotation,
    /// The log.
    pub log: Log,
    /// Stopping.
    pub shutdown: Shutdown,
    /// What was accepted and the operator should know of, to be logged.
    pub notices: Vec<Notice>,
}

impl Config {
    /// Reads the configuration from parsed flags (see [`arguments`]), the environment and the file one of them names.
    ///
    /// # Errors
    /// Every mistake found.
    pub fn load(matches: &ArgMatches, env: &Environment) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(Sources::open(matches, env));
        let without_effect = retired::in_environment(env).into_iter();
        for verdict in without_effect.chain(flags::without_effect_given(matches)) {
            match verdict {
                Ok(notice) => reader.notice(notice),
                Err(mistake) => reader.push(mistake),
            }
        }
        retired::proxy_notice(env)
            .into_iter()
            .for_each(|notice| reader.notice(notice));
        let config = read_sections(&mut reader);
        let (mistakes, notices) = reader.finish();
        match config {
            Some(config) if mistakes.is_empty() => Ok(Self { notices, ..config }),
            _ => Err(ConfigError { mistakes }),
        }
    }
}

fn read_sections(reader: &mut Reader<'_>) -> Option<Config> {
    let polling = control_plane::read_polling(reader);
    let control_plane = control_plane::read(reader, polling.clone());
    let mcp = mcp::read(reader, polling.as_ref());
    let trust = trust::read(reader);
    let policy = policy::read(reader);
    let state = state::read(reader);
    let health = health::read(reader);
    let rotation = rotation::read(reader);
    let log = log::read(reader);
    let shutdown = shutdown::read(reader, polling.as_ref());
    Some(Config {
        control_plane: control_plane?,
        mcp: mcp?,
        trust: trust?,
        policy: policy?,
        state: state?,
        health: health?,
        rotation: rotation?,
        log: log?,
        shutdown: shutdown?,
        notices: Vec::new(),
    })
}
