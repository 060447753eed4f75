//! `[limits]`: what one message and one call may cost.

use toml::Spanned;

use super::mistake::Mistakes;
use super::schema::{RawLimits, RawSize};
use crate::gate::Caps;

const KIB: usize = 1024;
pub(super) const MIB: usize = 1024 * KIB;

/// The limits of a policy. Applied before memory is taken, in both directions (INVARIANT 9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest request, in bytes. 1 MiB unless the policy says otherwise.
    pub request_bytes: usize,
    /// The largest single answer or event, in bytes. 8 MiB unless the policy says otherwise.
    pub response_bytes: usize,
    /// All bytes of one call's event stream. 64 MiB unless the policy says otherwise.
    pub stream_bytes: usize,
    /// All events of one call. 10,000 unless the policy says otherwise.
    pub stream_events: usize,
    /// The deepest nesting. 64 unless the policy says otherwise.
    pub json_depth: usize,
    /// The most members of one object. 10,000 unless the policy says otherwise.
    pub json_members: usize,
    /// The most values in one message. 200,000 unless the policy says otherwise.
    pub json_nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_bytes: MIB,
            response_bytes: 8 * MIB,
            stream_bytes: 64 * MIB,
            stream_events: 10_000,
            json_depth: 64,
            json_members: 10_000,
            json_nodes: 200_000,
        }
    }
}

impl Limits {
    /// The gate's caps for a request.
    #[must_use]
    pub fn request_caps(&self) -> Caps {
        self.caps(self.request_bytes, Caps::REQUEST)
    }

    /// The gate's caps for an answer or an event.
    #[must_use]
    pub fn answer_caps(&self) -> Caps {
        self.caps(self.response_bytes, Caps::ANSWER)
    }

    fn caps(&self, bytes: usize, base: Caps) -> Caps {
        Caps {
            bytes,
            string_bytes: bytes,
            depth: self.json_depth,
            members: self.json_members,
            nodes: self.json_nodes,
            ..base
        }
    }

    pub(super) fn compile(raw: Option<&RawLimits>, mistakes: &mut Mistakes<'_>) -> Self {
        let mut limits = Self::default();
        let Some(raw) = raw else { return limits };
        set_size(
            &mut limits.request_bytes,
            raw.request_bytes.as_ref(),
            16 * MIB,
            mistakes,
        );
        set_size(
            &mut limits.response_bytes,
            raw.response_bytes.as_ref(),
            64 * MIB,
            mistakes,
        );
        set_size(
            &mut limits.stream_bytes,
            raw.stream_bytes.as_ref(),
            KIB * MIB,
            mistakes,
        );
        set_count(
            &mut limits.stream_events,
            raw.stream_events.as_ref(),
            1_000_000,
            mistakes,
        );
        set_count(
            &mut limits.json_depth,
            raw.json_depth.as_ref(),
            128,
            mistakes,
        );
        set_count(
            &mut limits.json_members,
            raw.json_members.as_ref(),
            1_000_000,
            mistakes,
        );
        set_count(
            &mut limits.json_nodes,
            raw.json_nodes.as_ref(),
            10_000_000,
            mistakes,
        );
        limits
    }
}

pub(super) fn set_size(
    limit: &mut usize,
    raw: Option<&Spanned<RawSize>>,
    most: usize,
    mistakes: &mut Mistakes<'_>,
) {
    let Some(raw) = raw else { return };
    match parse_size(raw.get_ref()) {
        Some(bytes) if (1..=most).contains(&bytes) => *limit = bytes,
        Some(_) => mistakes.add(
            raw,
            "this size is out of range",
            &format!("use 1 to {most} bytes; zero never means unlimited"),
        ),
        None => mistakes.add(
            raw,
            "this is no size",
            "write a number of bytes, or a whole number of KiB or MiB as in \"64KiB\"",
        ),
    }
}

fn set_count(
    limit: &mut usize,
    raw: Option<&Spanned<i64>>,
    most: usize,
    mistakes: &mut Mistakes<'_>,
) {
    let Some(raw) = raw else { return };
    match usize::try_from(*raw.get_ref()) {
        Ok(count) if (1..=most).contains(&count) => *limit = count,
        Ok(_) | Err(_) => mistakes.add(
            raw,
            "this limit is out of range",
            &format!("use 1 to {most}; zero never means unlimited"),
        ),
    }
}

fn parse_size(raw: &RawSize) -> Option<usize> {
    let text = match raw {
        RawSize::Bytes(bytes) => return usize::try_from(*bytes).ok(),
        RawSize::Text(text) => text,
    };
    let (number, unit) = if let Some(number) = text.strip_suffix("KiB") {
        (number, KIB)
    } else if let Some(number) = text.strip_suffix("MiB") {
        (number, MIB)
    } else {
        return None;
    };
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| number.parse::<usize>().ok()?.checked_mul(unit))?
}
