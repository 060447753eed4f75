//! What the agent says of itself on every control-plane request (wire sheet 2.1).

use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue,
    USER_AGENT,
};
use secrecy::{ExposeSecret, SecretString};

use super::told::Secrets;

/// Our name, where the reference says `oai-tunnel-client`.
pub const CLIENT_NAME: &str = "portcullis";
/// Our version.
pub const CLIENT_VERSION: &str = env!("CARGO_PKG_VERSION");

/// The standing headers of one process.
pub struct Standing(HeaderMap);

/// What the standing headers are made of.
pub struct Identity<'a> {
    /// The API key.
    pub api_key: &'a SecretString,
    /// The organization, if one is configured.
    pub organization: Option<&'a str>,
    /// The description of our channels: `X-Tunnel-MCP-Server-Info`.
    pub server_info: &'a str,
    /// 128 fresh bits, the same for the life of the process.
    pub instance: u128,
    /// The operator's own headers; names that carry authentication or framing were refused with the configuration.
    pub extra: &'a [(HeaderName, HeaderValue)],
}

impl Standing {
    /// Builds the headers once. The operator's come first, so that ours always win.
    ///
    /// # Errors
    /// When a value cannot stand in a header; configuration checks them all first.
    pub fn new(identity: &Identity<'_>) -> Result<Self, InvalidHeaderValue> {
        let mut headers = HeaderMap::new();
        for (name, value) in identity.extra {
            headers.insert(name, sensitive(value.clone()));
        }
        let bearer =
            zeroize::Zeroizing::new(format!("Bearer {}", identity.api_key.expose_secret()));
        headers.insert(AUTHORIZATION, sensitive(HeaderValue::from_str(&bearer)?));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.insert(
            USER_AGENT,
            HeaderValue::from_str(&format!("{CLIENT_NAME}/{CLIENT_VERSION}"))?,
        );
        headers.insert(
            named("x-tunnel-client-name"),
            HeaderValue::from_static(CLIENT_NAME),
        );
        headers.insert(
            named("x-tunnel-client-version"),
            HeaderValue::from_static(CLIENT_VERSION),
        );
        headers.insert(
            named("x-tunnel-client-instance-id"),
            HeaderValue::from_str(&format!("{:032x}", identity.instance))?,
        );
        headers.insert(
            named("x-tunnel-mcp-server-info"),
            HeaderValue::from_str(identity.server_info)?,
        );
        if let Some(organization) = identity.organization {
            headers.insert(
                named("openai-organization"),
                HeaderValue::from_str(organization)?,
            );
        }
        Ok(Self(headers))
    }

    /// The standing headers and those of one request.
    pub(super) fn with(&self, extra: HeaderMap) -> HeaderMap {
        // A clone has no room for more and would grow at the first addition.
        let mut headers = HeaderMap::with_capacity(self.0.len() + extra.len());
        let standing = self.0.iter();
        headers.extend(standing.map(|(name, value)| (name.clone(), value.clone())));
        headers.extend(extra);
        headers
    }

    /// The secrets among these headers and those of one request.
    pub(super) fn secrets(&self, extra: &HeaderMap) -> Secrets {
        Secrets::of(self.0.values().chain(extra.values()))
    }
}

fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

fn named(name: &'static str) -> HeaderName {
    HeaderName::from_static(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn build(extra: &[(HeaderName, HeaderValue)]) -> HeaderMap {
        let api_key = SecretString::from("test_key");
        let identity = Identity {
            api_key: &api_key,
            organization: Some("org-1"),
            server_info: "{}",
            instance: 7,
            extra,
        };
        Standing::new(&identity).unwrap().with(HeaderMap::new())
    }

    #[test]
    fn every_request_says_who_we_are_rh_001_cp_002_to_005() {
        let headers = build(&[]);
        assert_eq!(headers.get("authorization").unwrap(), "Bearer test_key");
        assert_eq!(headers.get("accept").unwrap(), "application/json");
        assert_eq!(headers.get("x-tunnel-client-name").unwrap(), CLIENT_NAME);
        assert_eq!(
            headers.get("x-tunnel-client-instance-id").unwrap().len(),
            32
        );
        assert!(headers.get("x-tunnel-id").is_none());
    }

    #[test]
    fn ours_win_over_extra_headers_rh_002_rh_004() {
        let extra = [
            "authorization",
            "accept",
            "user-agent",
            "openai-organization",
            "x-tunnel-client-instance-id",
        ]
        .map(|name| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static("theirs"),
            )
        });
        let headers = build(&extra);
        assert!(headers.values().all(|value| value != "theirs"));
    }

    #[test]
    fn the_key_is_not_printed() {
        assert!(!format!("{:?}", build(&[])).contains("test_key"));
    }
}
