//! The way to a server that a tool asks: the agent's own certificates, roots and rules.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, anyhow};
use portcullis_certs as certs;
use portcullis_policy::Channel;

use super::WITHIN;
use crate::app::{credentials, peers};
use crate::config::{Config, Url};
use crate::edge::handshake::Witness;
use crate::edge::net::Peer;
use crate::edge::tls::{Floor, Parts};
use crate::edge::upstream::{HttpServer, OperatorHeaders, ServerConfig, Timers};

const CONNECT: Duration = Duration::from_secs(10);

/// How the server is reached.
pub enum Way<'a> {
    /// As the configuration of the agent says for this channel.
    Configured(&'a Config),
    /// At this URL, with these files.
    Files(&'a Url, certs::Source),
}

impl Way<'_> {
    /// The server at its end.
    ///
    /// # Errors
    /// No server is bound to the channel, and every fault of the files.
    pub(super) fn server(&self, channel: &Channel) -> anyhow::Result<HttpServer> {
        match self {
            Self::Configured(config) => configured(config, channel),
            Self::Files(url, files) => Ok(HttpServer::new(Arc::new(peer(files)?), at(url))),
        }
    }
}

fn configured(config: &Config, channel: &Channel) -> anyhow::Result<HttpServer> {
    let mut bindings = config.mcp.bindings.iter();
    let binding = bindings
        .find(|binding| binding.channel == *channel)
        .with_context(|| format!("no MCP server is bound to the channel `{channel}`"))?;
    let public = credentials::public(config);
    let source = peers::server_source(config, binding, &public);
    let uses = peers::server_use(config, binding);
    let (_, texts) = source.read().map_err(|(faults, reasons)| {
        let secrets = reasons.into_iter().map(|reason| reason.sentence);
        told(&faults, secrets)
    })?;
    let judged = source.judge_first(texts, &uses.rules);
    let material = judged.map_err(|faults| told(&faults, std::iter::empty()))?;
    let (tls, carried) = uses.of(&material)?;
    let peer = Peer::carrying(tls, config.mcp.timers.connect, carried, Witness::default());
    let bounds = peers::server_config(config, binding);
    Ok(HttpServer::new(Arc::new(peer), bounds))
}

fn at(url: &Url) -> ServerConfig {
    ServerConfig {
        url: url.uri().clone(),
        timers: Timers {
            header: WITHIN,
            idle: WITHIN,
        },
    }
}

fn peer(files: &certs::Source) -> anyhow::Result<Peer<OperatorHeaders>> {
    let texts = files.read();
    let texts = texts.map_err(|faults| told(&faults, std::iter::empty()))?;
    let rules = certs::Rules::default();
    let judged = certs::Material::judge(&texts, &rules, None, SystemTime::now());
    let material = judged.map_err(|rejected| told(&rejected.faults, std::iter::empty()))?;
    let verifier = material.server_verifier(rules.profile);
    let parts = Parts::verified_by(verifier.context("could not set up the roots")?);
    let parts = match material.identity() {
        Some(identity) => parts.with_identity(Arc::clone(identity)),
        None => parts,
    };
    let tls = parts.mcp(Floor::Tls13).context("could not set up TLS")?;
    Ok(Peer::carrying(tls, CONNECT, Vec::new(), Witness::default()))
}

fn told(faults: &[certs::Fault], others: impl Iterator<Item = String>) -> anyhow::Error {
    let faults = faults
        .iter()
        .map(|fault| format!("{}; {}", fault.problem(), fault.remedy()));
    let all: Vec<String> = faults.chain(others).collect();
    anyhow!("{}", all.join("\n  "))
}
