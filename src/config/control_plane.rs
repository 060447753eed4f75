//! The control-plane side of the configuration.
//!
//! Promises: a base URL that keeps the API key off the open network, a key that can be sent, times within the bounds of the service.
//! Leaves to others: certificates (startup) and whether polled channels exist (`mcp`).

mod base;
mod polling;

use super::headers::{self, ExtraHeader};
use super::mistake::{Fault, Source};
use super::number;
use super::paths::{self, ClientIdentity};
use super::pin::{self, Pin};
use super::reader::Reader;
use super::secret::{self, Secret, SecretRef};
use super::table::{
    API_KEY, CERT_FORM, CLIENT_CERT, CLIENT_CERT_ISSUER, CLIENT_KEY, EXTRA_HEADERS, MAX_INFLIGHT,
    ORGANIZATION_ID, SERVER_KEY_PIN, TUNNEL_ID, URL_PATH,
};
use super::tunnel_id::TunnelId;
use super::url::Url;
pub use polling::Polling;
pub(crate) use polling::read as read_polling;

const MOST_INFLIGHT: u16 = 10_000;

/// Where the control plane is and how to talk to it.
#[derive(Clone, Debug)]
pub struct ControlPlane {
    /// Scheme, host and port, the switch to the mTLS host included; the path is `/`.
    pub effective_base: Url,
    /// Prefix of every path: empty, or `/` and segments without a `/` at the end.
    pub url_path: String,
    /// The tunnel to serve.
    pub tunnel_id: TunnelId,
    /// Sent as `OpenAI-Organization`.
    pub organization_id: Option<String>,
    /// Sent as a bearer.
    pub api_key: Secret,
    /// Shown to the control plane.
    pub identity: Option<ClientIdentity>,
    /// The form its certificates must have.
    pub cert_form: CertForm,
    /// What the public key of the service must be; any if there are none.
    pub server_key_pins: Vec<Pin>,
    /// Calls of one channel that may wait while it is busy, 1 to 10000.
    pub max_inflight: u16,
    /// Times and channels of the poll.
    pub polling: Polling,
    /// Sent with every request.
    pub extra_headers: Vec<ExtraHeader>,
}

/// The form a service asks client certificates to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertForm {
    /// Any that servers accept.
    Any,
    /// That of OpenAI, signed directly by the CA that was uploaded.
    OpenAiDirect,
    /// That of OpenAI, with intermediates sent along.
    OpenAiChain,
}

/// Reads the section, recording every mistake.
pub(crate) fn read(reader: &mut Reader<'_>, polling: Option<Polling>) -> Option<ControlPlane> {
    let tunnel_id = reader.parsed(&TUNNEL_ID, TunnelId::parse);
    if tunnel_id.is_none() {
        reader.missing(&TUNNEL_ID, &format!("set {}", TUNNEL_ID.ways()));
    }
    let api_key = read_api_key(reader);
    let identity = paths::read_identity(reader, [&CLIENT_CERT, &CLIENT_KEY, &CLIENT_CERT_ISSUER]);
    let base = base::read(reader, identity.is_some());
    let url_path = reader.parsed(&URL_PATH, parse_url_path);
    let organization_id = reader
        .parsed(&ORGANIZATION_ID, parse_organization)
        .filter(|id| !id.is_empty());
    let cert_form = reader.parsed(&CERT_FORM, parse_form);
    let server_key_pins = reader
        .parsed(&SERVER_KEY_PIN, pin::parse)
        .unwrap_or_default();
    let max_inflight = reader.parsed(&MAX_INFLIGHT, |text| number::count(text, MOST_INFLIGHT));
    let extra_headers = headers::read(reader, &EXTRA_HEADERS, headers::CONTROL_PLANE);
    Some(ControlPlane {
        effective_base: base?,
        url_path: url_path?,
        tunnel_id: tunnel_id?,
        organization_id,
        api_key: api_key?,
        identity,
        cert_form: cert_form?,
        server_key_pins,
        max_inflight: max_inflight?,
        polling: polling?,
        extra_headers,
    })
}

fn read_api_key(reader: &mut Reader<'_>) -> Option<Secret> {
    let remedy = format!(
        "put the key into {}, or point --{} at it with env:NAME or file:/path",
        API_KEY.env, API_KEY.flag
    );
    let Some((text, source)) = reader.text(&API_KEY) else {
        reader.missing(&API_KEY, &remedy);
        return None;
    };
    match api_key(&text, &source, reader).and_then(secret::check_api_key) {
        Ok(secret) => Some(secret),
        Err(fault) => {
            reader.fault(&API_KEY, &source, fault);
            None
        }
    }
}

/// The variable holds the key itself; everywhere else only a reference is taken (CF-050).
fn api_key(text: &str, source: &Source, reader: &Reader<'_>) -> Result<Secret, Fault> {
    let reference = match source {
        Source::Environment(name) => Some(SecretRef::Env(name.clone())),
        Source::Flag(_) | Source::File { .. } | Source::Default | Source::Absent => {
            SecretRef::parse(text)
        }
    };
    let literal = || {
        Fault::new(
            "is a literal key, or no reference",
            "write `env:NAME` or `file:/path`; never the key itself",
        )
    };
    let secret = reference
        .ok_or_else(literal)?
        .read(reader.sources().env())?;
    if matches!(source, Source::Environment(_)) && SecretRef::parse(text).is_some() {
        let problem = "holds a reference; the variable holds the key itself";
        return Err(Fault::new(
            problem,
            format!("give the reference with --{}", API_KEY.flag),
        ));
    }
    Ok(secret)
}

fn parse_form(text: &str) -> Result<CertForm, Fault> {
    match text {
        "any" => Ok(CertForm::Any),
        "openai-direct" => Ok(CertForm::OpenAiDirect),
        "openai-chain" => Ok(CertForm::OpenAiChain),
        _ => Err(Fault::new(
            "is not a form of certificates",
            "write `any`, `openai-direct` or `openai-chain`",
        )),
    }
}

fn parse_url_path(text: &str) -> Result<String, Fault> {
    let remedy = "write a path such as `/gateway/prod`";
    if text.is_empty() {
        return Ok(String::new());
    }
    if !text.starts_with('/') || text.starts_with("//") {
        return Err(Fault::new("does not begin with one `/`", remedy));
    }
    let segments: Vec<&str> = text
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let is_path_byte = |b: u8| b.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:@".contains(&b);
    if segments
        .iter()
        .any(|segment| matches!(*segment, "." | "..") || !segment.bytes().all(is_path_byte))
    {
        return Err(Fault::new(
            "is not a plain path without query and fragment",
            remedy,
        ));
    }
    Ok(segments
        .iter()
        .map(|segment| format!("/{segment}"))
        .collect())
}

fn parse_organization(text: &str) -> Result<String, Fault> {
    if text.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(text.to_owned());
    }
    Err(Fault::new(
        "has a blank or a character that is not ASCII",
        "copy the organization id as it is shown",
    ))
}
