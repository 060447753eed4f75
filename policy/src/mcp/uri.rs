//! The URIs of resources, judged as text: nothing is looked up, and a URI with a second spelling is refused instead of resolved (B6).

use crate::matcher::{PathRoot, is_at_or_below, is_plain_path};

/// The most bytes of a URI (B7).
const LONGEST: usize = 2048;

/// A URI of one plain spelling: a scheme in lower case, a host or none, and an absolute path. No query, no fragment, no user name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Uri<'a> {
    scheme: &'a str,
    host: &'a str,
    path: &'a str,
}

impl<'a> Uri<'a> {
    /// Reads a URI; `None` for every text that is not of the plain form.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let is_plain = |b: u8| matches!(b, b'!'..=b'~') && !matches!(b, b'\\' | b'?' | b'#');
        if text.len() > LONGEST || !text.bytes().all(is_plain) {
            return None;
        }
        let (scheme, rest) = text.split_once(':')?;
        let (host, path) = split_host(rest);
        let uri = Self { scheme, host, path };
        (is_scheme(scheme) && is_host(host) && is_plain_path(path)).then_some(uri)
    }
}

/// What follows `scheme:`. Without a path it is the root.
fn split_host(rest: &str) -> (&str, &str) {
    let Some(rest) = rest.strip_prefix("//") else {
        return ("", rest);
    };
    match rest.find('/') {
        Some(at) => rest.split_at(at),
        None if rest.is_empty() => ("", ""),
        None => (rest, "/"),
    }
}

/// RFC 3986, section 3.1, in lower case.
pub(crate) fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| {
            b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.')
        })
}

/// A host with or without a port, or none.
fn is_host(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':'))
}

/// All URIs at or below one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subtree {
    scheme: String,
    host: String,
    root: PathRoot,
}

impl Subtree {
    /// The subtree of a scheme, and of what follows the scheme: `/path` without a host, `//host/path` with one. `None` for a text that is
    /// no plain URI, and so can never match one.
    pub(crate) fn new(scheme: &str, under: &str) -> Option<Self> {
        let text = format!("{scheme}:{under}");
        let uri = Uri::parse(&text)?;
        Some(Self {
            scheme: uri.scheme.to_owned(),
            host: uri.host.to_owned(),
            root: PathRoot::new(uri.path)?,
        })
    }

    /// The scheme of every URI in it.
    pub(crate) fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Whether a URI is in it.
    pub(crate) fn holds(&self, uri: &Uri<'_>) -> bool {
        self.scheme == uri.scheme
            && self.host == uri.host
            && is_at_or_below(uri.path, self.root.as_str())
    }

    /// Whether every URI of it is in another.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        self.scheme == other.scheme && self.host == other.host && self.root.is_within(&other.root)
    }

    /// Whether some URI is in both.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.is_within(other) || other.is_within(self)
    }

    /// Whether some expansion of a URI template (RFC 6570) may be in it: told from the text before its first expression.
    pub(crate) fn may_hold_template(&self, template: &str) -> bool {
        let Some((literal, _)) = template.split_once('{') else {
            return Uri::parse(template).is_some_and(|uri| self.holds(&uri));
        };
        let own = self.to_string();
        own.starts_with(literal) || literal.starts_with(own.trim_end_matches('/'))
    }
}

impl std::fmt::Display for Subtree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.host, self.root.as_str())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn holds(scheme: &str, under: &str, uri: &str) -> bool {
        let subtree = Subtree::new(scheme, under).unwrap();
        Uri::parse(uri).is_some_and(|uri| subtree.holds(&uri))
    }

    #[test]
    fn only_plain_spellings_below_the_root_match_b6_b7() {
        for uri in [
            "file:///a",
            "file:///a/b",
            "file:/a/b",
            "file:///a/b.c@d/",
            "file:///a/x%20y",
        ] {
            assert!(holds("file", "/a", uri), "{uri}");
        }
        let long = format!("file:///a/{}", "x".repeat(LONGEST));
        for uri in [
            "file:///ab",
            "file:///a/../b",
            "file:///a/./b",
            "FILE:///a",
            "file:///a%2e%2e/b",
            "file:///a/%2E%2e/b",
            "file:///a%2fb",
            "file:///a/%252e%252e/b",
            "file://host/a",
            "file:a",
            "file:///a//b",
            "file:///a\\..\\b",
            "file:///a?x",
            "file:///a#x",
            "file:///a b",
            "file:///\u{430}",
            "http://169.254.169.254/",
            "http://[::ffff:a9fe:a9fe]/",
            "http://u@h/a",
            "",
            "file",
            "file:",
            "file://",
            ":///a",
            long.as_str(),
        ] {
            assert!(!holds("file", "/a", uri), "{uri}");
        }
    }

    #[test]
    fn a_host_is_exact_and_no_host_is_none_b6() {
        assert!(holds(
            "https",
            "//docs.example.com/open",
            "https://docs.example.com/open/a"
        ));
        assert!(holds("ui", "//widget", "ui://widget"));
        assert!(holds("ui", "//widget", "ui://widget/a"));
        for uri in [
            "https://docs.example.com./open/a",
            "https://u@docs.example.com/open/a",
            "https://docs.example.com:443/open/a",
            "https://DOCS.example.com/open/a",
            "https://docs.example.com/opena",
            "https:///open/a",
        ] {
            assert!(!holds("https", "//docs.example.com/open", uri), "{uri}");
        }
        for (scheme, under) in [
            ("File", "/a"),
            ("file", "a"),
            ("file", "/a/"),
            ("file", "/a/../b"),
            ("", "/a"),
            ("file", "//u@h/a"),
        ] {
            assert_eq!(Subtree::new(scheme, under), None, "{scheme} {under}");
        }
    }

    #[test]
    fn a_template_is_shown_when_some_expansion_may_match() {
        let subtree = Subtree::new("file", "/a/b").unwrap();
        for (template, shown) in [
            ("file:///a/b/{x}", true),
            ("file:///a/{x}", true),
            ("file:///{+path}", true),
            ("{uri}", true),
            ("file:///a/b", true),
            ("file:///c/{x}", false),
            ("http://h/{x}", false),
            ("file:///a/c", false),
        ] {
            assert_eq!(subtree.may_hold_template(template), shown, "{template}");
        }
    }
}
