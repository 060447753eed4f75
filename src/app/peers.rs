//! The clients of the peers: TLS from what [`super::credentials`] read, one HTTP client each.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context as _;
use hyper::header::{HeaderName, HeaderValue};
use portcullis_certs::Roots;
use portcullis_policy::document::Limits;
use secrecy::ExposeSecret as _;

use super::credentials::{self, Found};
use crate::config::{Binding, Config, ExtraHeader, Mistake, Source, TlsMin};
use crate::edge::control::endpoint::Endpoint;
use crate::edge::control::headers::{Identity, Standing};
use crate::edge::control::{ControlClient, ControlLimits};
use crate::edge::handshake::Witness;
use crate::edge::net;
use crate::edge::tls::Floor;
use crate::edge::upstream::{AnswerCaps, HttpServer, ServerConfig, Servers, Timers};
use crate::runtime::fresh::Fresh;
use crate::wire::server_info::{self, Advertised};

/// The servers of all bindings; `None` after a mistake.
pub(super) fn servers(
    config: &Config,
    limits: &Limits,
    roots: Option<&Roots>,
    found: &mut Found,
) -> Option<Servers> {
    let mut by_channel = HashMap::new();
    for binding in &config.mcp.bindings {
        let own = match &binding.ca_bundle {
            Some(bundle) => credentials::private_roots(bundle, &mut found.mistakes),
            None => roots.cloned(),
        };
        let server = server(config, binding, own, limits, found);
        by_channel.extend(server.map(|server| (binding.channel.clone(), server)));
    }
    (by_channel.len() == config.mcp.bindings.len()).then(|| Servers::new(by_channel))
}

fn server(
    config: &Config,
    binding: &Binding,
    roots: Option<Roots>,
    limits: &Limits,
    found: &mut Found,
) -> Option<HttpServer> {
    let parts = credentials::parts(
        roots,
        binding.identity.as_ref(),
        binding.channel.as_str(),
        found,
    )?;
    let floor = match binding.tls_min {
        TlsMin::V12 => Floor::Tls12,
        TlsMin::V13 => Floor::Tls13,
    };
    let tls = parts
        .mcp(floor)
        .map_err(|error| found.mistakes.push(no_tls(&error)))
        .ok()?;
    let timers = config.mcp.timers;
    let settings = ServerConfig {
        url: binding.url.uri().clone(),
        timers: Timers {
            header: timers.header,
            idle: timers.idle,
        },
        caps: AnswerCaps {
            message: limits.response_bytes,
            stream: limits.stream_bytes,
        },
    };
    let headers = values(&config.mcp.extra_headers);
    let peer = net::Peer::carrying(tls, timers.connect, headers, Witness::default());
    Some(HttpServer::new(Arc::new(peer), settings))
}

/// The client of the control plane; `None` after a mistake.
///
/// # Errors
/// When the system has no entropy.
pub(super) fn control(
    config: &Config,
    limits: &Limits,
    roots: Option<Roots>,
    fresh: Fresh,
    found: &mut Found,
) -> anyhow::Result<Option<ControlClient>> {
    let plane = &config.control_plane;
    let identity = plane.identity.as_ref();
    let Some(parts) = credentials::parts(roots, identity, "control plane", found) else {
        return Ok(None);
    };
    let tls = parts.control_plane().context("could not set up TLS")?;
    let polled: Vec<String> = plane
        .polling
        .channels
        .iter()
        .flatten()
        .map(ToString::to_string)
        .collect();
    let base = plane.effective_base.uri();
    let endpoint = Endpoint::new(base, &plane.url_path, plane.tunnel_id.as_str(), &polled)
        .context("could not build the addresses of the tunnel")?;
    let standing = standing(config, &polled, &fresh)?;
    let control_limits = ControlLimits {
        poll_timeout: plane.polling.timeout,
        guardrail: plane.polling.guardrail,
        payload: limits.request_caps(),
    };
    let connect = config.mcp.timers.connect;
    let peer = net::Peer::carrying(tls, connect, standing, Witness::default());
    Ok(Some(ControlClient::new(
        Arc::new(peer),
        endpoint,
        control_limits,
        fresh,
    )))
}

fn standing(config: &Config, polled: &[String], fresh: &Fresh) -> anyhow::Result<Standing> {
    let plane = &config.control_plane;
    let is_polled = |name: &str| polled.is_empty() || polled.iter().any(|p| p == name);
    let advertised: Vec<Advertised> = super::channels(config)
        .filter(|channel| is_polled(channel.as_str()))
        .map(|channel| Advertised {
            channel,
            proc_affinity: false,
        })
        .collect();
    let server_info =
        server_info::encode(&advertised).context("could not describe the channels")?;
    let identity = Identity {
        api_key: &plane.api_key.value,
        organization: plane.organization_id.as_deref(),
        server_info: &server_info,
        instance: fresh.correlation(),
        extra: &values(&plane.extra_headers),
    };
    Standing::new(&identity).context("could not build the headers of the control plane")
}

fn no_tls(error: &rustls::Error) -> Mistake {
    Mistake::new(
        "tls",
        Source::Default,
        format!("the cryptography library cannot speak TLS ({error})"),
        "report this build",
    )
}

fn values(headers: &[ExtraHeader]) -> Vec<(HeaderName, HeaderValue)> {
    let value = |header: &ExtraHeader| HeaderValue::from_str(header.value.expose_secret()).ok();
    headers
        .iter()
        .filter_map(|header| {
            let mut value = value(header)?;
            value.set_sensitive(true);
            Some((header.name.clone(), value))
        })
        .collect()
}
