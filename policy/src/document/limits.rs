//! `[limits]`: what one message and one call may cost.

use super::keys;
use super::mistake::Mistakes;
use super::section::{Item, Section};
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

/// What one answer may cost where it is read, in bytes (W-09).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerBounds {
    /// One JSON body, one line, or one event.
    pub message: usize,
    /// One whole event stream.
    pub stream: usize,
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

/// What no file may raise a limit beyond.
const MOST: Limits = Limits {
    request_bytes: 16 * MIB,
    response_bytes: 64 * MIB,
    stream_bytes: KIB * MIB,
    stream_events: 1_000_000,
    json_depth: 128,
    json_members: 1_000_000,
    json_nodes: 10_000_000,
};

impl Limits {
    /// The gate's caps for a request.
    #[must_use]
    pub fn request_caps(&self) -> Caps {
        self.caps(self.request_bytes, Caps::REQUEST)
    }

    /// The bounds of an answer where it is read.
    #[must_use]
    pub fn answer_bounds(&self) -> AnswerBounds {
        AnswerBounds {
            message: self.response_bytes,
            stream: self.stream_bytes,
        }
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

    /// Every limit by its key.
    pub(super) fn by_key(&self) -> [(&'static str, usize); 7] {
        let [request, response, stream, events, depth, members, nodes] = keys::LIMITS;
        [
            (request, self.request_bytes),
            (response, self.response_bytes),
            (stream, self.stream_bytes),
            (events, self.stream_events),
            (depth, self.json_depth),
            (members, self.json_members),
            (nodes, self.json_nodes),
        ]
    }

    fn slots(&mut self) -> [&mut usize; 7] {
        [
            &mut self.request_bytes,
            &mut self.response_bytes,
            &mut self.stream_bytes,
            &mut self.stream_events,
            &mut self.json_depth,
            &mut self.json_members,
            &mut self.json_nodes,
        ]
    }

    /// `[limits]`.
    pub(super) fn compile(section: Section<'_>, mistakes: &mut Mistakes<'_>) -> Self {
        let mut limits = Self::default();
        limits.set(
            section,
            mistakes,
            |key, most| {
                let unit = if key.ends_with("_bytes") {
                    " bytes"
                } else {
                    ""
                };
                format!("use 1 to {most}{unit}; zero never means unlimited")
            },
            &MOST,
        );
        limits
    }

    /// `limits` of a server: it may lower what the file says and never raise it.
    pub(super) fn lower(&self, section: Section<'_>, mistakes: &mut Mistakes<'_>) -> Self {
        let mut limits = self.clone();
        let remedy = |_: &str, most: usize| {
            format!("use 1 to {most}, the limit of the whole file: a server may only lower it")
        };
        limits.set(section, mistakes, remedy, self);
        limits
    }

    fn set(
        &mut self,
        section: Section<'_>,
        mistakes: &mut Mistakes<'_>,
        remedy: impl Fn(&str, usize) -> String,
        most: &Self,
    ) {
        let section = section.closed(&keys::LIMITS, keys::top, mistakes);
        for (slot, (key, most)) in self.slots().into_iter().zip(most.by_key()) {
            let Some(item) = section.get(key) else {
                continue;
            };
            let number = if key.ends_with("_bytes") {
                size(item, mistakes)
            } else {
                item.integer(mistakes)
                    .map(|count| usize::try_from(count).unwrap_or(0))
            };
            match number {
                Some(number) if (1..=most).contains(&number) => *slot = number,
                Some(_) => mistakes.add(item.at, "this limit is out of range", &remedy(key, most)),
                None => {}
            }
        }
    }
}

/// A number of bytes, or a text such as `"64KiB"`.
pub(super) fn size(item: Item<'_>, mistakes: &mut Mistakes<'_>) -> Option<usize> {
    let bytes = match item.value().as_str() {
        Some(text) => parse_size(text),
        None => {
            return item
                .integer(mistakes)
                .map(|bytes| usize::try_from(bytes).unwrap_or(0));
        }
    };
    if bytes.is_none() {
        let remedy = "write a number of bytes, or a whole number of KiB or MiB as in \"64KiB\"";
        mistakes.add(item.at, "this is no size", remedy);
    }
    bytes
}

fn parse_size(text: &str) -> Option<usize> {
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
