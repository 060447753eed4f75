//! Paths below a root, and URLs of listed hosts. Both are judged as text: nothing is looked up, and a spelling that another reader may
//! resolve differently is refused instead of resolved (B6).

use super::word::is_hostname;

/// A root directory of paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathRoot(String);

impl PathRoot {
    /// A root: an absolute path in its one plain spelling, without a slash at the end. `None` for any other text.
    pub(crate) fn new(root: &str) -> Option<Self> {
        let plain = is_plain_path(root) && (root == "/" || !root.ends_with('/'));
        plain.then(|| Self(root.to_owned()))
    }

    /// Whether a text is a plain path, at the root or below it.
    pub(super) fn holds(&self, path: &str) -> bool {
        is_plain_path(path) && is_at_or_below(path, &self.0)
    }

    /// The root as a policy writes it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether every path below `self` is below `other` too.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        is_at_or_below(&self.0, &other.0)
    }
}

/// Whether one plain path is another or below it.
pub(crate) fn is_at_or_below(path: &str, root: &str) -> bool {
    if root == "/" {
        return path.starts_with('/');
    }
    path.strip_prefix(root)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// An absolute path with one spelling: no `.` or `..`, no empty part, no backslash, no control character, and no percent sign that a
/// reader who decodes twice could take for a dot, a slash, a backslash, a NUL or another percent sign.
pub(crate) fn is_plain_path(path: &str) -> bool {
    // No early end, so that many bytes are looked at in one step.
    let plain = path.bytes().fold(true, |plain, b| {
        plain & (b' '..0x7f).contains(&b) & (b != b'\\') & (b != b'%')
    });
    let is_visible = plain || !path.chars().any(|c| c == '\\' || c.is_control());
    let hides = !plain && hides_separator(path);
    is_visible && !hides && has_plain_parts(path.as_bytes())
}

/// Whether a path begins with a slash and each part after one is neither empty, but at the end, nor `.` nor `..`.
fn has_plain_parts(path: &[u8]) -> bool {
    let Some((b'/', parts)) = path.split_first() else {
        return false;
    };
    let parts = parts.strip_suffix(b"/").unwrap_or(parts);
    let is_part = |part: &[u8]| !matches!(part, b"" | b"." | b"..");
    path == b"/" || parts.split(|byte| *byte == b'/').all(is_part)
}

/// Whether `%2e`, `%2f`, `%5c`, `%00` or `%25` stands in a text, in either case.
pub(crate) fn hides_separator(text: &str) -> bool {
    text.as_bytes().windows(3).any(|window| {
        matches!(
            window,
            [b'%', b'2', b'e' | b'E' | b'f' | b'F' | b'5']
                | [b'%', b'5', b'c' | b'C']
                | [b'%', b'0', b'0']
        )
    })
}

/// Hosts that URLs may name, and the schemes they may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hosts {
    /// Lower case, each a host name with an optional port.
    hosts: Vec<String>,
    /// Lower case.
    schemes: Vec<String>,
}

impl Hosts {
    /// These hosts under these schemes.
    pub(crate) fn new(hosts: Vec<String>, schemes: Vec<String>) -> Self {
        Self { hosts, schemes }
    }

    /// Whether a text can be listed as a host: a name or IPv4 address in lower case, and a port if it is not the scheme's own.
    pub(crate) fn is_host(text: &str) -> bool {
        let (name, port) = text.split_once(':').unwrap_or((text, "1"));
        let is_port = port
            .parse::<u16>()
            .is_ok_and(|number| number.to_string() == port && number > 0);
        is_hostname(name) && is_port && !text.bytes().any(|b| b.is_ascii_uppercase())
    }

    /// Whether a text is a URL, of a listed scheme, whose host and port are exactly one of those listed.
    ///
    /// A URL is printable ASCII without spaces and backslashes. Between `://` and the first of `/`, `?`, `#` stands the host; nothing else
    /// may stand there, so that no user name can be taken for it.
    pub(super) fn holds(&self, url: &str) -> bool {
        let is_plain = url.bytes().all(|b| matches!(b, b'!'..=b'~') && b != b'\\');
        let Some((scheme, rest)) = url.split_once("://") else {
            return false;
        };
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        is_plain && holds(&self.schemes, scheme) && holds(&self.hosts, host)
    }

    /// Whether every URL that fits `self` fits `other` too.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        let within = |some: &[String], all: &[String]| some.iter().all(|one| all.contains(one));
        within(&self.hosts, &other.hosts) && within(&self.schemes, &other.schemes)
    }
}

fn holds(listed: &[String], found: &str) -> bool {
    listed.iter().any(|one| one.eq_ignore_ascii_case(found))
}
