//! Who may come in: programs on this machine, and pages that were loaded from it.

use hyper::{
    HeaderMap, Uri,
    header::{HOST, ORIGIN},
    http::uri::Authority,
};

const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Checks `Host` and, if there is one, `Origin` (MCP 2025-11-25, "Streamable HTTP", security warning).
///
/// # Errors
/// What is wrong, for the answer.
pub(super) fn check(headers: &HeaderMap) -> Result<(), &'static str> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts
        .next()
        .and_then(|value| value.to_str().ok()?.parse::<Authority>().ok());
    if hosts.next().is_some() || !host.is_some_and(|host| is_loopback(&host)) {
        return Err("the header `Host` does not name the loopback");
    }
    for origin in headers.get_all(ORIGIN) {
        let origin = origin
            .to_str()
            .ok()
            .and_then(|text| text.parse::<Uri>().ok());
        let authority = origin.as_ref().and_then(Uri::authority);
        if !authority.is_some_and(is_loopback) {
            return Err("the header `Origin` does not name the loopback");
        }
    }
    Ok(())
}

fn is_loopback(authority: &Authority) -> bool {
    let is_plain = !authority.as_str().contains('@');
    is_plain
        && LOOPBACK
            .iter()
            .any(|name| authority.host().eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn verdict(pairs: &[(hyper::header::HeaderName, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, value.parse().unwrap());
        }
        check(&headers).is_ok()
    }

    #[test]
    fn the_loopback_may_come_in() {
        for host in ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]:9"] {
            assert!(verdict(&[(HOST, host)]), "{host}");
        }
        assert!(verdict(&[
            (HOST, "localhost:1"),
            (ORIGIN, "http://localhost:6274")
        ]));
    }

    #[test]
    fn a_page_from_elsewhere_may_not() {
        for host in [
            "evil.example",
            "localhost.evil.example",
            "x@127.0.0.1",
            "127.0.0.1.evil",
            "",
        ] {
            assert!(!verdict(&[(HOST, host)]), "{host}");
        }
        for origin in [
            "https://evil.example",
            "null",
            "http://localhost.evil.example",
            "http://x@localhost",
            "file:///a",
        ] {
            assert!(
                !verdict(&[(HOST, "localhost"), (ORIGIN, origin)]),
                "{origin}"
            );
        }
        assert!(!verdict(&[]));
        assert!(!verdict(&[(HOST, "localhost"), (HOST, "evil.example")]));
    }
}
