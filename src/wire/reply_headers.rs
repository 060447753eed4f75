//! Which header fields of an MCP server's answer go back through the tunnel.
//!
//! Promises: six names and no others, for every kind of reply, `oauth_discovery_response` included (W-38,
//! where the reference client lets all through); nothing the server marked as belonging to its own
//! connection; and values that are printable ASCII within the caps of [`super::headers`].

use super::headers::{MAX_PAIRS, is_value};

/// The names that may go back, as the control plane spells them (wire sheet 12.2), in byte order.
pub const ALLOWED: [&str; 6] = [
    "Access-Control-Expose-Headers",
    "Content-Type",
    "Last-Event-Id",
    "Mcp-Protocol-Version",
    "Mcp-Session-Id",
    "Www-Authenticate",
];

/// Keeps what may go back of `fields`, the name and raw value of each field line received.
///
/// Names compare without case and come out as in [`ALLOWED`]; spellings of one name are merged in byte order
/// of the spelling. A field named by any `Connection` field, an empty value, and a value outside
/// `[\t\x20-\x7e]` are dropped; so is everything after the 64th pair.
pub fn allowed_headers<'a, I>(fields: I) -> Vec<(&'static str, String)>
where
    I: IntoIterator<Item = (&'a str, &'a [u8])>,
    I::IntoIter: Clone,
{
    let fields = fields.into_iter();
    let hop_by_hop: Vec<&[u8]> = fields
        .clone()
        .filter(|(name, _)| name.eq_ignore_ascii_case("connection"))
        .flat_map(|(_, value)| tokens(value))
        .collect();
    let mut kept: Vec<(&'static str, &str, String)> = fields
        .filter_map(|(name, value)| Some((canonical(name)?, name, text(value)?)))
        .filter(|(canonical, ..)| {
            !hop_by_hop
                .iter()
                .any(|token| token.eq_ignore_ascii_case(canonical.as_bytes()))
        })
        .take(MAX_PAIRS)
        .collect();
    kept.sort_by_key(|(canonical, spelling, _)| (*canonical, *spelling));
    kept.into_iter()
        .map(|(canonical, _, value)| (canonical, value))
        .collect()
}

fn canonical(name: &str) -> Option<&'static str> {
    ALLOWED
        .into_iter()
        .find(|allowed| allowed.eq_ignore_ascii_case(name))
}

fn tokens(connection: &[u8]) -> impl Iterator<Item = &[u8]> {
    connection.split(|b| *b == b',').map(<[u8]>::trim_ascii)
}

fn text(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?;
    (!text.is_empty() && is_value(text)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;

    fn keep(fields: &[(&'static str, &'static str)]) -> Vec<(&'static str, String)> {
        allowed_headers(fields.iter().map(|(name, value)| (*name, value.as_bytes())))
    }

    fn pairs(expected: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
        expected
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect()
    }

    #[test]
    fn cp_036_all_six_in_canonical_spelling_and_nothing_else() {
        let lower: Vec<String> = ALLOWED
            .iter()
            .map(|name| name.to_ascii_lowercase())
            .collect();
        let others = [
            "set-cookie",
            "retry-after",
            "cache-control",
            "date",
            "content-type2",
        ];
        let kept = allowed_headers(
            lower
                .iter()
                .map(String::as_str)
                .chain(others)
                .map(|name| (name, &b"v"[..])),
        );
        assert_eq!(kept, ALLOWED.map(|name| (name, "v".to_owned())));
    }

    #[test]
    fn cp_029_to_033_what_connection_names_stays() {
        let fields = [
            ("connection", "close,\tContent-Type "),
            ("Content-Type", "application/json"),
            ("CONNECTION", "LAST-event-id"),
            ("Last-Event-ID", "7"),
            ("mcp-session-id", "m1"),
        ];
        assert_eq!(keep(&fields), pairs(&[("Mcp-Session-Id", "m1")]));
    }

    #[test]
    fn cp_034_empty_values_are_dropped() {
        let fields = [
            ("mcp-protocol-version", "2"),
            ("Mcp-Protocol-Version", ""),
            ("MCP-Protocol-Version", "1"),
        ];
        assert_eq!(
            keep(&fields),
            pairs(&[("Mcp-Protocol-Version", "1"), ("Mcp-Protocol-Version", "2")])
        );
    }

    #[test]
    fn cp_035_spellings_are_merged_in_byte_order() {
        let fields = [
            ("www-authenticate", "c"),
            ("WWW-Authenticate", "a"),
            ("Www-Authenticate", "b"),
            ("Content-Type", "t"),
        ];
        let merged = pairs(&[
            ("Content-Type", "t"),
            ("Www-Authenticate", "a"),
            ("Www-Authenticate", "b"),
            ("Www-Authenticate", "c"),
        ]);
        assert_eq!(keep(&fields), merged);
    }

    #[test]
    fn w_38_values_that_are_no_printable_ascii_are_dropped() {
        let fields: [(&str, &[u8]); 4] = [
            ("content-type", b"a\xff"),
            ("content-type", "é".as_bytes()),
            ("content-type", b"a\r\nb"),
            ("content-type", b"text/plain"),
        ];
        assert_eq!(
            allowed_headers(fields),
            pairs(&[("Content-Type", "text/plain")])
        );
    }

    #[test]
    fn the_number_of_pairs_is_capped() {
        assert_eq!(
            allowed_headers((0..1000).map(|_| ("www-authenticate", &b"v"[..]))).len(),
            MAX_PAIRS
        );
    }
}
