//! The certificate files of every endpoint, for the tools that look at them while no agent runs.

use portcullis_certs::{Rules, Source};

use super::{credentials, peers};
use crate::config::Config;

/// One endpoint.
pub struct Endpoint {
    /// `control plane`, or the channel.
    pub name: String,
    /// Its files.
    pub files: Source,
    /// What is asked of them.
    pub rules: Rules,
}

/// The control plane and the server of each channel.
#[must_use]
pub fn certificates(config: &Config) -> Vec<Endpoint> {
    let public = credentials::public(config);
    let control = peers::control_source(config, &public);
    let endpoint = |source: super::source::Source, rules| Endpoint {
        files: source.certs(),
        name: source.name,
        rules,
    };
    let control = endpoint(control, peers::control_rules(config));
    let servers = config.mcp.bindings.iter().map(|binding| {
        let source = peers::server_source(config, binding, &public);
        endpoint(source, peers::rules(config))
    });
    [control].into_iter().chain(servers).collect()
}
