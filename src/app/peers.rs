//! The endpoints: which files each is made of, and what becomes of them.

use std::sync::Arc;

use anyhow::Context as _;
use hyper::header::{HeaderName, HeaderValue};
use portcullis_certs::{Form, Profile, Roots, Rules};
use secrecy::{ExposeSecret as _, SecretString};

use super::credentials;
use super::secret::Kept;
use super::side::{Canary, Use};
use super::source::{Material, Source};
use crate::config::{Binding, CertForm, CertProfile, Config, ExtraHeader, TlsMin};
use crate::edge::control::ControlTimes;
use crate::edge::control::endpoint::Endpoint;
use crate::edge::control::headers::{Identity, Standing};
use crate::edge::control::trial::{self, Tried};
use crate::edge::tls::Floor;
use crate::edge::upstream::{OperatorHeaders, ServerConfig, Timers};
use crate::ops::state::CONTROL_PLANE;
use crate::rotate::port::Trial;
use crate::runtime::fresh::Fresh;
use crate::wire::server_info::{self, Advertised};

/// The files of the control plane.
pub(super) fn control_source(config: &Config, public: &Arc<Roots>) -> Source {
    let plane = &config.control_plane;
    let key = Kept::api_key(&plane.api_key);
    Source {
        name: CONTROL_PLANE.to_owned(),
        identity: plane.identity.clone(),
        bundle: config.trust.ca_bundle.clone(),
        base: credentials::base(config, None, public),
        crls: config.trust.crls.clone(),
        secrets: [key]
            .into_iter()
            .chain(plane.extra_headers.iter().map(Kept::header))
            .collect(),
    }
}

/// What becomes of them.
///
/// # Errors
/// When the channels cannot be described.
pub(super) fn control_use(config: &Config, fresh: &Fresh) -> anyhow::Result<Use<Standing>> {
    let plane = &config.control_plane;
    let (server_info, instance) = (described(config)?, fresh.correlation());
    let organization = plane.organization_id.clone();
    let names = names(&plane.extra_headers);
    let carry = move |material: &Material| {
        let (api_key, values) = material.secrets.split_first()?;
        let identity = Identity {
            api_key,
            organization: organization.as_deref(),
            server_info: &server_info,
            instance,
            extra: &headers(&names, values),
        };
        Standing::new(&identity).ok()
    };
    Ok(Use {
        dress: Box::new(crate::edge::tls::Parts::control_plane),
        carry: Box::new(carry),
        canary: Some(canary(config)?),
        rules: control_rules(config),
        pins: plane.server_key_pins.clone(),
        is_vital: true,
    })
}

/// Tries a candidate. A refusal that the generation in use meets as well says nothing of the candidate.
fn canary(config: &Config) -> anyhow::Result<Canary<Standing>> {
    let (tunnel, within) = (
        addresses(config)?.tunnel().clone(),
        config.mcp.timers.connect * 2,
    );
    Ok(Box::new(move |candidate, in_use| {
        let tunnel = tunnel.clone();
        Box::pin(async move {
            let tried = trial::tried(&candidate, &tunnel, within).await;
            let Tried::Refused(why @ ("status_401" | "status_403")) = tried else {
                return told(tried);
            };
            let Ok(in_use) = in_use else {
                return told(tried);
            };
            match trial::tried(&in_use, &tunnel, within).await {
                Tried::Refused(same) if same == why => Trial::Passed,
                Tried::Answered | Tried::Refused(_) | Tried::Unreached(_) => told(tried),
            }
        })
    }))
}

fn told(tried: Tried) -> Trial {
    match tried {
        Tried::Answered => Trial::Passed,
        Tried::Refused(why) => Trial::Refused(why.to_owned()),
        Tried::Unreached(why) => Trial::Unreached(why.to_owned()),
    }
}

/// Where the control plane is.
///
/// # Errors
/// When a part does not fit into an address.
pub(super) fn addresses(config: &Config) -> anyhow::Result<Endpoint> {
    let plane = &config.control_plane;
    let base = plane.effective_base.uri();
    Endpoint::new(
        base,
        &plane.url_path,
        plane.tunnel_id.as_str(),
        &polled(config),
    )
    .context("could not build the addresses of the tunnel")
}

/// The time of its requests.
pub(super) fn control_times(config: &Config) -> ControlTimes {
    let polling = &config.control_plane.polling;
    ControlTimes {
        poll_timeout: polling.timeout,
        guardrail: polling.guardrail,
    }
}

/// The files of the server of one channel.
pub(super) fn server_source(config: &Config, binding: &Binding, public: &Arc<Roots>) -> Source {
    let own = binding.ca_bundle.as_ref();
    Source {
        name: binding.channel.as_str().to_owned(),
        identity: binding.identity.clone(),
        bundle: own.or(config.trust.ca_bundle.as_ref()).cloned(),
        base: credentials::base(config, own, public),
        crls: config.trust.crls.clone(),
        secrets: config.mcp.extra_headers.iter().map(Kept::header).collect(),
    }
}

/// What becomes of them.
pub(super) fn server_use(config: &Config, binding: &Binding) -> Use<OperatorHeaders> {
    let floor = match binding.tls_min {
        TlsMin::V12 => Floor::Tls12,
        TlsMin::V13 => Floor::Tls13,
    };
    let names = names(&config.mcp.extra_headers);
    Use {
        dress: Box::new(move |parts| parts.mcp(floor)),
        carry: Box::new(move |material| Some(headers(&names, &material.secrets))),
        canary: None,
        rules: rules(config),
        pins: binding.server_key_pins.clone(),
        is_vital: false,
    }
}

/// Where that server is, and within which bounds it is asked.
pub(super) fn server_config(config: &Config, binding: &Binding) -> ServerConfig {
    let timers = config.mcp.timers;
    ServerConfig {
        url: binding.url.uri().clone(),
        timers: Timers {
            header: timers.header,
            idle: timers.idle,
        },
    }
}

/// What is asked of the certificates of the control plane.
pub(super) fn control_rules(config: &Config) -> Rules {
    Rules {
        form: form(config.control_plane.cert_form),
        ..rules(config)
    }
}

/// What is asked of all certificates.
pub(super) fn rules(config: &Config) -> Rules {
    Rules {
        profile: match config.trust.profile {
            CertProfile::Default => Profile::Default,
            CertProfile::Strict => Profile::Strict,
        },
        ..Rules::default()
    }
}

const fn form(form: CertForm) -> Form {
    match form {
        CertForm::Any => Form::Any,
        CertForm::OpenAiDirect => Form::OpenAiDirect,
        CertForm::OpenAiChain => Form::OpenAiChain,
    }
}

/// The channels that are polled; none means all.
fn polled(config: &Config) -> Vec<String> {
    let channels = config.control_plane.polling.channels.iter().flatten();
    channels.map(ToString::to_string).collect()
}

fn described(config: &Config) -> anyhow::Result<String> {
    let polled = polled(config);
    let is_polled = |name: &str| polled.is_empty() || polled.iter().any(|p| p == name);
    let advertised: Vec<Advertised> = super::channels(config)
        .filter(|channel| is_polled(channel.as_str()))
        .map(|channel| Advertised {
            channel,
            proc_affinity: false,
        })
        .collect();
    server_info::encode(&advertised).context("could not describe the channels")
}

fn names(headers: &[ExtraHeader]) -> Vec<HeaderName> {
    headers.iter().map(|header| header.name.clone()).collect()
}

/// The values were checked when they were read.
fn headers(names: &[HeaderName], values: &[SecretString]) -> OperatorHeaders {
    let pairs = names.iter().zip(values);
    pairs
        .filter_map(|(name, value)| {
            let mut value = HeaderValue::from_str(value.expose_secret()).ok()?;
            value.set_sensitive(true);
            Some((name.clone(), value))
        })
        .collect()
}
