//! What a request must not be, before anyone looks at what it asks for.
//!
//! A page in a browser on this machine can reach loopback, under a name of its own that resolves there (DNS rebinding) or across origins. Probes
//! and scrapers name an address or `localhost`, and no origin.

use std::net::IpAddr;

use hyper::header::{ALLOW, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use hyper::{Method, Request, StatusCode, Version};

use super::http::{Answer, text};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses what is no plain `GET` or `HEAD` of a probe. `named` says whether the request must name this machine by address or `localhost`.
pub(super) fn probe<B: hyper::body::Body>(
    request: &Request<B>,
    named: bool,
) -> Result<(), Box<Answer>> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut refused = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD");
        refused
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Err(Box::new(refused));
    }
    if !request.body().is_end_stream() {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "a body is not read here");
    }
    from_no_page(request.headers())?;
    if named {
        names_this_machine(request)
    } else {
        Ok(())
    }
}

/// Refuses what a browser sends across origins.
pub(super) fn from_no_page(headers: &HeaderMap) -> Result<(), Box<Answer>> {
    let cross = headers
        .get(FETCH_SITE)
        .is_some_and(|site| site != "none" && site != "same-origin");
    if cross || headers.contains_key(ORIGIN) {
        return refuse(StatusCode::FORBIDDEN, "not for pages of a browser");
    }
    Ok(())
}

fn names_this_machine<B>(request: &Request<B>) -> Result<(), Box<Answer>> {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if host.to_str().is_ok_and(is_address) => Ok(()),
        // A browser always says where it believes to be.
        (None, None) if request.version() == Version::HTTP_10 => Ok(()),
        (None, _) => refuse(StatusCode::BAD_REQUEST, "no host is named"),
        (Some(_), _) => refuse(
            StatusCode::MISDIRECTED_REQUEST,
            "name this machine by address or `localhost`",
        ),
    }
}

/// An address or `localhost`, with or without a port.
fn is_address(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    let bare = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    name.eq_ignore_ascii_case("localhost") || bare.unwrap_or(name).parse::<IpAddr>().is_ok()
}

fn refuse(status: StatusCode, why: &str) -> Result<(), Box<Answer>> {
    Err(Box::new(text(status, why)))
}
