//! `X-Tunnel-MCP-Server-Info`, version 1: which channels this agent serves, and which of them are bound to
//! one process.
//!
//! Promises: compact JSON in the documented key order and nothing but names and the affinity mark, so neither
//! a command line nor a URL of a private server can reach the header. Which channels to advertise, and in
//! what order, is the caller's choice.

use portcullis_policy::Channel;

/// The most channels one header can name.
pub const MAX_CHANNELS: usize = 32;

/// The most bytes the header value may have (OpenAPI document, `X-Tunnel-MCP-Server-Info`).
pub const MAX_BYTES: usize = 4096;

const HEAD: &str = r#"{"version":1,"channels":["#;
const TAIL: &str = "]}";
const NAME: &str = r#"{"name":""#;
const PLAIN: &str = r#""}"#;
const AFFINE: &str = r#"","proc_affinity":true}"#;

/// Names are at most 64 bytes and need no escape, so the largest list fits (SI-008, SI-009): a bound kept by
/// arithmetic needs no check at run time.
const LARGEST_ENTRY: usize = NAME.len() + Channel::MAX_BYTES + AFFINE.len() + ",".len();
const _: () = assert!(HEAD.len() + MAX_CHANNELS * LARGEST_ENTRY + TAIL.len() <= MAX_BYTES);

/// One channel as advertised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advertised {
    /// Its name.
    pub channel: Channel,
    /// True when its server lives in this process or is a child of it, so that a session cannot move to
    /// another agent.
    pub proc_affinity: bool,
}

/// Why a list of channels cannot be advertised.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerInfoError {
    /// No channel at all.
    #[error("no channel to advertise; bind at least one MCP server")]
    Empty,
    /// More than [`MAX_CHANNELS`].
    #[error("{count} channels to advertise; bind at most {MAX_CHANNELS}")]
    TooMany {
        /// How many were given.
        count: usize,
    },
    /// The same name twice.
    #[error("channel `{0}` is bound twice; give each MCP server a name of its own")]
    Duplicate(Channel),
}

/// Encodes the header value for `channels`, in the order given.
///
/// # Errors
/// The list is empty, has more than 32 entries, or names a channel twice.
pub fn encode(channels: &[Advertised]) -> Result<String, ServerInfoError> {
    check(channels)?;
    let entries: Vec<String> = channels.iter().map(entry).collect();
    Ok([HEAD, &entries.join(","), TAIL].concat())
}

fn check(channels: &[Advertised]) -> Result<(), ServerInfoError> {
    match channels.len() {
        0 => return Err(ServerInfoError::Empty),
        count if count > MAX_CHANNELS => return Err(ServerInfoError::TooMany { count }),
        _ => {}
    }
    let mut names: Vec<&Channel> = channels.iter().map(|c| &c.channel).collect();
    names.sort_unstable();
    match names.array_windows().find(|[a, b]| a == b) {
        Some([twice, _]) => Err(ServerInfoError::Duplicate((*twice).clone())),
        None => Ok(()),
    }
}

fn entry(advertised: &Advertised) -> String {
    let end = if advertised.proc_affinity {
        AFFINE
    } else {
        PLAIN
    };
    [NAME, advertised.channel.as_str(), end].concat()
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

    fn advertised(name: &str, proc_affinity: bool) -> Advertised {
        Advertised {
            channel: Channel::parse(name).unwrap(),
            proc_affinity,
        }
    }

    #[test]
    fn si_001_both_affine() {
        let value = encode(&[advertised("main", true), advertised("harpoon", true)]).unwrap();
        assert_eq!(
            value,
            r#"{"version":1,"channels":[{"name":"main","proc_affinity":true},{"name":"harpoon","proc_affinity":true}]}"#
        );
    }

    #[test]
    fn si_002_si_014_affinity_is_omitted_never_false() {
        let value = encode(&[advertised("main", false), advertised("harpoon", true)]).unwrap();
        assert_eq!(
            value,
            r#"{"version":1,"channels":[{"name":"main"},{"name":"harpoon","proc_affinity":true}]}"#
        );
    }

    #[test]
    fn si_013_si_017_one_channel() {
        assert_eq!(
            encode(&[advertised("main", false)]).unwrap(),
            r#"{"version":1,"channels":[{"name":"main"}]}"#
        );
    }

    #[test]
    fn si_003_nothing_to_advertise() {
        assert_eq!(encode(&[]), Err(ServerInfoError::Empty));
    }

    #[test]
    fn si_005_names_are_canonical_by_type() {
        assert_eq!(
            encode(&[advertised(" Main ", false)]).unwrap(),
            r#"{"version":1,"channels":[{"name":"main"}]}"#
        );
    }

    #[test]
    fn si_007_si_021_duplicates_are_refused_wherever_they_stand() {
        let list = [
            advertised("b", true),
            advertised("a", false),
            advertised("b", false),
        ];
        assert_eq!(
            encode(&list),
            Err(ServerInfoError::Duplicate(Channel::parse("b").unwrap()))
        );
    }

    #[test]
    fn si_008_si_010_at_most_32_channels_of_64_bytes() {
        let many = |count: usize| {
            (0..count)
                .map(|n| advertised(&format!("{n:0>64}"), true))
                .collect::<Vec<_>>()
        };
        assert!(encode(&many(32)).unwrap().len() <= MAX_BYTES);
        assert_eq!(
            encode(&many(33)),
            Err(ServerInfoError::TooMany { count: 33 })
        );
    }

    #[test]
    fn si_011_only_documented_keys() {
        let value: serde_json::Value =
            serde_json::from_str(&encode(&[advertised("a", true)]).unwrap()).unwrap();
        assert_eq!(
            value,
            serde_json::json!({"version": 1, "channels": [{"name": "a", "proc_affinity": true}]})
        );
    }
}
