//! Which of a caller's headers become headers of the command: all but those the service keeps (wire sheet 11).

use hyper::{HeaderMap, header::CONNECTION};

/// Never forwarded, whatever they say.
const KEPT_BACK: [&str; 40] = [
    "accept-encoding",
    "cf-connecting-ip",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "forwarded",
    "host",
    "keep-alive",
    "openai-organization",
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
    "x-custom-cf-witness-actor",
    "x-custom-cf-witness-authorization",
    "x-envoy-external-address",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-oai-brte-redeemable-token",
    "x-openai-actor-authorization",
    "x-openai-authorization",
    "x-openai-authorization-error",
    "x-openai-brte-redeemable-token",
    "x-openai-internal-caller",
    "x-openai-request-path",
    "x-openai-skip-auth",
    "x-original-forwarded-for",
    "x-real-ip",
    "x-tunnel-traffic-source",
];

/// The rest, in order: nothing that `Connection` names, nothing empty, nothing that is no text.
pub(super) fn forwarded(headers: &HeaderMap) -> Vec<(&str, &str)> {
    let named: Vec<String> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| {
            value
                .split(',')
                .map(|name| name.trim().to_ascii_lowercase())
        })
        .collect();
    headers
        .iter()
        .filter(|(name, _)| {
            !KEPT_BACK.contains(&name.as_str()) && !named.iter().any(|kept| kept == name.as_str())
        })
        .filter_map(|(name, value)| {
            Some((
                name.as_str(),
                value.to_str().ok().filter(|text| !text.is_empty())?,
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_the_service_keeps_back_is_kept_back() {
        let mut headers = HeaderMap::new();
        for name in KEPT_BACK {
            headers.insert(name, "x".parse().unwrap());
        }
        headers.insert(CONNECTION, "close, X-Private".parse().unwrap());
        headers.insert("x-private", "x".parse().unwrap());
        headers.insert("x-empty", "".parse().unwrap());
        assert!(forwarded(&headers).is_empty());
    }

    #[test]
    fn the_rest_goes_on_with_every_value() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "Bearer c"),
            ("mcp-session-id", "m"),
            ("x-tenant", "a"),
            ("x-tenant", "b"),
        ] {
            headers.append(name, value.parse().unwrap());
        }
        let expected = [
            ("authorization", "Bearer c"),
            ("mcp-session-id", "m"),
            ("x-tenant", "a"),
            ("x-tenant", "b"),
        ];
        assert_eq!(forwarded(&headers), expected);
    }
}
