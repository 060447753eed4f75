//! The two kinds of URL: the control plane's base and an MCP server.
//!
//! Promises: https, or http to this machine only; no user name or password; no fragment. `Debug` shows the origin only, since a query may hold a
//! secret (W-06).
//! Leaves to others: names and certificates.

use std::fmt;
use std::net::IpAddr;

use hyper::Uri;

use super::mistake::Fault;

/// A checked absolute URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(Uri);

impl Url {
    /// Reads an absolute URL.
    ///
    /// # Errors
    /// Another scheme than https, http to another machine (W-05), user information (W-06), a fragment, no host, or
    /// one with a dot at its end.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let uri = parse_uri(text)?;
        let scheme = uri.scheme().ok_or_else(no_host)?;
        let host = uri
            .host()
            .filter(|host| !host.is_empty())
            .ok_or_else(no_host)?;
        refuse_final_dot(host)?;
        refuse_userinfo(&uri)?;
        refuse_bad_port(&uri)?;
        match scheme.as_str() {
            "https" => Ok(Self(uri)),
            "http" if is_loopback(host) => Ok(Self(uri)),
            "http" => Err(Fault::new(
                "uses http to another machine, which sends everything in the clear",
                "use https; http is for loopback only",
            )),
            _ => Err(Fault::new(
                "has another scheme than https",
                "begin the URL with https://",
            )),
        }
    }

    /// The whole URL.
    pub fn uri(&self) -> &Uri {
        &self.0
    }

    /// The host, as written.
    pub fn host(&self) -> &str {
        self.0.host().unwrap_or_default()
    }

    /// Whether the connection uses TLS.
    pub fn is_https(&self) -> bool {
        self.0.scheme_str() == Some("https")
    }

    /// Scheme, host and port: what may be logged.
    pub fn origin(&self) -> String {
        let authority = self
            .0
            .authority()
            .map_or("", |authority| authority.as_str());
        format!("{}://{authority}", self.0.scheme_str().unwrap_or_default())
    }

    /// Whether there is more than an origin.
    pub(crate) fn has_path(&self) -> bool {
        !matches!(self.0.path(), "" | "/") || self.0.query().is_some()
    }

    /// The origin alone.
    pub(crate) fn without_path(&self) -> Result<Self, Fault> {
        parse_uri(&format!("{}/", self.origin())).map(Self)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({})", self.origin())
    }
}

/// Whether a host is this machine: `localhost` or a loopback address.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn parse_uri(text: &str) -> Result<Uri, Fault> {
    if text.contains('#') {
        return Err(Fault::new(
            "has a fragment (`#`)",
            "remove the `#` and what follows",
        ));
    }
    text.parse::<Uri>().map_err(|_| {
        Fault::new(
            "is not a URL",
            "write it as https://host or https://host:port/path",
        )
    })
}

fn no_host() -> Fault {
    Fault::new(
        "has no scheme and host",
        "write it as https://host or https://host:port/path",
    )
}

/// A name with its final dot is another name to whoever compares it, and no certificate is for it (RFC 6125, section 6.4; RFC 6066, section 3).
fn refuse_final_dot(host: &str) -> Result<(), Fault> {
    if host.ends_with('.') {
        return Err(Fault::new(
            "has a dot at the end of its host, and no certificate is for such a name",
            "leave the dot out",
        ));
    }
    Ok(())
}

fn refuse_userinfo(uri: &Uri) -> Result<(), Fault> {
    if uri
        .authority()
        .is_some_and(|authority| authority.as_str().contains('@'))
    {
        return Err(Fault::new(
            "holds a user name or password",
            "remove the part before `@`",
        ));
    }
    Ok(())
}

fn refuse_bad_port(uri: &Uri) -> Result<(), Fault> {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let after_host = authority
        .strip_prefix(uri.host().unwrap_or_default())
        .unwrap_or_default();
    if after_host.is_empty() || uri.port_u16().is_some_and(|port| port != 0) {
        return Ok(());
    }
    Err(Fault::new(
        "has a port that is not a number from 1 to 65535",
        "correct the port or leave it out",
    ))
}
