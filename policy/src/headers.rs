//! Headers are allowlists, both ways.
//!
//! What goes to a private server is built here from the judged message and a short list of names; a policy may name more, except those in
//! [`is_reserved`] (D1, W-07). What goes back is the tunnel's own list of six (wire sheet 12.2).

use std::borrow::Cow;

use crate::mcp::catalogue::Kind;
use crate::mcp::revision::Revision;
use crate::refusal::Reason;

/// One header for a private server: lower-case name and value. No `Debug`: values may be credentials.
#[derive(Clone)]
pub struct Header {
    /// The lower-case name.
    pub name: Cow<'static, str>,
    /// The value: tab and printable ASCII only.
    pub value: Cow<'static, str>,
}

/// Names a caller's header may always have.
const FORWARDED: [&str; 8] = [
    "authorization",
    "mcp-session-id",
    "mcp-protocol-version",
    "x-request-id",
    "x-openai-session",
    "x-openai-subject",
    "traceparent",
    "tracestate",
];

/// Names no policy can forward: they frame the message, are built here, or tell a server who is in front of it (wire sheet 11).
const RESERVED: [&str; 36] = [
    "accept",
    "accept-encoding",
    "cf-connecting-ip",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "last-event-id",
    "mcp-method",
    "mcp-name",
    "openai-organization",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "true-client-ip",
    "upgrade",
    "user-agent",
    "via",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-original-forwarded-for",
    "x-real-ip",
    "x-tunnel-traffic-source",
    "x-openai-skip-auth",
    "x-openai-internal-caller",
    "x-openai-request-path",
    "x-http-method-override",
];

/// Families of names no policy can forward.
const RESERVED_PREFIXES: [&str; 6] = [
    "mcp-param-",
    "x-forwarded-",
    "x-custom-cf-",
    "x-envoy-",
    "x-oai-",
    "x-openai-authorization",
];

/// Whether a policy must not name this header in `forward_headers`.
#[must_use]
pub fn is_reserved(lower_case_name: &str) -> bool {
    RESERVED.contains(&lower_case_name)
        || FORWARDED.contains(&lower_case_name)
        || RESERVED_PREFIXES
            .iter()
            .any(|prefix| lower_case_name.starts_with(prefix))
}

/// Whether a text is a header name (RFC 9110, section 5.1) in lower case.
#[must_use]
pub fn is_lower_case_token(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.bytes().all(|b| {
            b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&b)
        })
}

/// What the body says about itself; the headers must say the same.
pub(crate) struct Body<'a> {
    pub(crate) kind: Kind,
    pub(crate) method: &'a str,
    /// The selector that `Mcp-Name` repeats: a tool's name.
    pub(crate) name: Option<&'a str>,
    /// `_meta["io.modelcontextprotocol/protocolVersion"]`.
    pub(crate) revision: Option<&'a str>,
}

/// The headers that cross with a message.
///
/// # Errors
/// The [`Reason`] when a header that decides something is malformed, doubled, or disagrees with the body.
pub(crate) fn build(
    sent: &[(String, String)],
    more: &[String],
    body: Option<&Body<'_>>,
) -> Result<Vec<Header>, Reason> {
    let mut headers = fixed(body.is_some());
    if let Some(body) = body {
        headers.extend(routing(sent, body)?);
    }
    single(sent, "authorization")?;
    if let Some(session) = single(sent, "mcp-session-id")? {
        check_session(session)?;
    }
    for (name, value) in sent {
        if let Some(name) = listed(name, more).filter(|_| !value.is_empty() && is_value(value)) {
            headers.push(header(name, value.clone()));
        }
    }
    Ok(headers)
}

/// The name of a header that may cross: of the fixed list, or of the policy's own.
fn listed(name: &str, more: &[String]) -> Option<Cow<'static, str>> {
    let fixed = FORWARDED.iter().find(|listed| **listed == name);
    let own = || more.iter().find(|listed| *listed == name);
    fixed
        .map(|name| Cow::Borrowed(*name))
        .or_else(|| own().map(|name| Cow::Owned(name.clone())))
}

/// What the caller's session is called, if it has one.
pub(crate) fn session(sent: &[(String, String)]) -> Option<&str> {
    single(sent, "mcp-session-id").ok().flatten()
}

/// Who the caller says it acts for, if it says so.
pub(crate) fn subject(sent: &[(String, String)]) -> Option<&str> {
    single(sent, "x-openai-subject").ok().flatten()
}

/// The protocol revision the caller states, if it is one we know.
pub(crate) fn revision(sent: &[(String, String)]) -> Option<Revision> {
    single(sent, "mcp-protocol-version")
        .ok()
        .flatten()
        .and_then(Revision::parse)
}

/// Headers that never depend on the caller. Identity encoding only (D7).
pub(crate) fn fixed(has_body: bool) -> Vec<Header> {
    let mut headers = Vec::with_capacity(8);
    if has_body {
        headers.push(header("content-type", "application/json"));
    }
    headers.push(header("accept", "application/json, text/event-stream"));
    headers.push(header("accept-encoding", "identity"));
    headers
}

/// Checks the version and routing headers against the body and builds ours (D2, D3, D4).
fn routing(sent: &[(String, String)], body: &Body<'_>) -> Result<Vec<Header>, Reason> {
    let stated = routed(sent, "mcp-protocol-version")?;
    let revision = stated
        .map(|name| Revision::parse(name).ok_or(Reason::RevisionUnknown))
        .transpose()?;
    let modern = revision.is_some_and(Revision::is_modern) && body.kind == Kind::Request;
    if (modern || body.revision.is_some()) && body.revision != stated {
        return Err(Reason::HeaderMismatch);
    }
    let method = routed(sent, "mcp-method")?;
    let name = routed(sent, "mcp-name")?.map(plain).transpose()?;
    let method_agrees = method.map_or(!modern, |m| m == body.method);
    let name_agrees = name
        .as_deref()
        .map_or(!modern || body.name.is_none(), |n| Some(n) == body.name);
    if !method_agrees || !name_agrees {
        return Err(Reason::HeaderMismatch);
    }
    if !modern {
        return Ok(Vec::new());
    }
    let mut built = vec![header("mcp-method", body.method.to_owned())];
    built.extend(body.name.map(|name| header("mcp-name", name.to_owned())));
    Ok(built)
}

/// A header that repeats the body: one that stands twice, or cannot be read, repeats nothing.
fn routed<'a>(sent: &'a [(String, String)], name: &str) -> Result<Option<&'a str>, Reason> {
    single(sent, name).map_err(|_| Reason::HeaderMismatch)
}

fn header(name: impl Into<Cow<'static, str>>, value: impl Into<Cow<'static, str>>) -> Header {
    Header {
        name: name.into(),
        value: value.into(),
    }
}

/// A header by itself.
pub(crate) fn named(name: &'static str, value: &str) -> Header {
    header(name, value.to_owned())
}

/// The headers of a listing of ours, on the session and with the credentials of a caller whose own message has these.
///
/// # Errors
/// As [`build`].
pub(crate) fn of_listing(
    sent: &[(String, String)],
    more: &[String],
) -> Result<Vec<Header>, Reason> {
    let mut headers = build(sent, more, None)?;
    headers.push(header("content-type", "application/json"));
    if revision(sent).is_some_and(Revision::is_modern) {
        headers.push(header("mcp-method", "tools/list"));
    }
    Ok(headers)
}

/// The one value of a header that decides something; two of them are one too many.
fn single<'a>(sent: &'a [(String, String)], name: &str) -> Result<Option<&'a str>, Reason> {
    let mut values = sent
        .iter()
        .filter(|(n, _)| n == name)
        .map(|(_, v)| v.as_str());
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(Reason::HeaderInvalid),
        (Some(""), None) => Ok(None),
        (Some(value), None) if !is_value(value) => Err(Reason::HeaderInvalid),
        (value, None) => Ok(value),
    }
}

/// Visible ASCII only (MCP 2025-11-25, Streamable HTTP), and short enough to be a name and no payload (D19).
fn check_session(session: &str) -> Result<(), Reason> {
    if session.len() <= 1024 && session.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(Reason::HeaderInvalid)
    }
}

fn is_value(value: &str) -> bool {
    value
        .bytes()
        .all(|b| b == b'\t' || (0x20..=0x7e).contains(&b))
}

/// A mirrored value. Every name a policy can list is plain ASCII, which is never sent in the `=?base64?` form, so that form is refused
/// rather than decoded: whatever it holds, it is no listed name in canonical spelling (D3).
fn plain(value: &str) -> Result<String, Reason> {
    if value.starts_with("=?") {
        Err(Reason::HeaderMismatch)
    } else {
        Ok(value.to_owned())
    }
}

/// The response headers the service takes, in its spelling.
const RETURNED: [(&str, &str); 6] = [
    (
        "access-control-expose-headers",
        "Access-Control-Expose-Headers",
    ),
    ("content-type", "Content-Type"),
    ("last-event-id", "Last-Event-Id"),
    ("mcp-protocol-version", "Mcp-Protocol-Version"),
    ("mcp-session-id", "Mcp-Session-Id"),
    ("www-authenticate", "Www-Authenticate"),
];

/// Whether `returned` asks for a header of this lower-case name: the rest need not be kept.
#[must_use]
pub fn may_matter(lower_case_name: &str) -> bool {
    lower_case_name == "connection" || RETURNED.iter().any(|(name, _)| *name == lower_case_name)
}

/// The part of a server's response headers that may go back: six names, nothing that `Connection` nominates, no empty value.
pub(crate) fn returned(received: &[(String, String)]) -> Vec<(&'static str, String)> {
    let nominated: Vec<String> = received
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("connection"))
        .flat_map(|(_, value)| {
            value
                .split(',')
                .map(|item| item.trim_matches([' ', '\t']).to_ascii_lowercase())
        })
        .collect();
    RETURNED
        .iter()
        .filter(|(lower, _)| !nominated.iter().any(|n| n == lower))
        .flat_map(|(lower, spelled)| {
            received
                .iter()
                .filter(move |(name, value)| {
                    name.eq_ignore_ascii_case(lower) && may_return(lower, value)
                })
                .map(move |(_, value)| (*spelled, value.clone()))
        })
        .collect()
}

/// A session's name must be one that can be sent back (D19).
fn may_return(lower_case_name: &str, value: &str) -> bool {
    let sound = lower_case_name != "mcp-session-id" || check_session(value).is_ok();
    !value.is_empty() && is_value(value) && sound
}
