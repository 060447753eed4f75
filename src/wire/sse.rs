//! The event stream of an MCP server, taken apart as it arrives.
//!
//! Promises: the framing of the WHATWG standard with one outcome for each of its corners, whatever the
//! chunks; memory of at most the line cap plus the event cap, refused before it is allocated; only events
//! without a type or of type `message` come out, with UTF-8 data that is not empty; and an event that the
//! stream did not finish is dropped. LF, CRLF and a lone CR each end a line at once, also at the end of a
//! chunk. Whether the data is a message that may pass is for the gate and the policy; the bytes of the stream
//! itself are never passed on.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;

mod lines;

use super::headers::is_value;
use lines::{Lines, append, keep_tail};

/// Longest event id kept, in bytes.
const MAX_ID_BYTES: usize = 1024;

const RETRY_MIN: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(60);

/// Limits of one stream, in bytes.
// INVARIANT: 9. Each is checked before the bytes are stored.
#[derive(Clone, Copy, Debug)]
pub struct SseCaps {
    /// One line without its end.
    pub line: usize,
    /// The data of one event.
    pub event: usize,
    /// The whole stream.
    pub total: usize,
}

/// One event to act on.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// Its data: UTF-8, not empty, lines joined by LF.
    pub data: Bytes,
}

/// Why a stream cannot be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SseFault {
    /// A line is longer than its cap.
    #[error("event stream line exceeds its size limit")]
    LineTooLong,
    /// The data of an event is longer than its cap.
    #[error("event stream event exceeds its size limit")]
    EventTooLong,
    /// The stream is longer than its cap.
    #[error("event stream exceeds its size limit")]
    StreamTooLong,
    /// The data of an event is not UTF-8.
    #[error("event stream data is not utf-8")]
    NotUtf8,
}

/// Shows the size only: data is the private server's.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event({} bytes)", self.data.len())
    }
}

impl SseFault {
    /// Whether a size limit is what was broken.
    #[must_use]
    pub const fn is_limit(self) -> bool {
        matches!(
            self,
            Self::LineTooLong | Self::EventTooLong | Self::StreamTooLong
        )
    }

    /// A stable word for logs and metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::LineTooLong => "sse.line_too_long",
            Self::EventTooLong => "sse.event_too_long",
            Self::StreamTooLong => "sse.stream_too_long",
            Self::NotUtf8 => "sse.not_utf8",
        }
    }
}

/// The state between two chunks of one stream.
pub struct Decoder {
    lines: Lines,
    event_cap: usize,
    /// Data of the event at hand; `None` until its first data line.
    data: Option<Vec<u8>>,
    /// Whether the event at hand has a type that is not ours.
    foreign: bool,
    pending_id: Option<String>,
    last_id: Option<String>,
    retry: Option<Duration>,
    ignored: u64,
    fault: Option<SseFault>,
}

impl Decoder {
    /// A decoder at the start of a stream.
    #[must_use]
    pub fn new(caps: SseCaps) -> Self {
        Self {
            lines: Lines::new(caps.line, caps.total),
            event_cap: caps.event,
            data: None,
            foreign: false,
            pending_id: None,
            last_id: None,
            retry: None,
            ignored: 0,
            fault: None,
        }
    }

    /// Takes bytes off the front of `chunk` up to the next event; `None` when the chunk is used up without
    /// one.
    ///
    /// Call again with the same chunk until it gives `None`. When the stream ends, drop the decoder: what it
    /// still holds is an unfinished event.
    ///
    /// # Errors
    /// A cap is exceeded or data is not UTF-8. The stream cannot be read on then, and every further call
    /// gives the same fault.
    pub fn decode(&mut self, chunk: &mut &[u8]) -> Result<Option<Event>, SseFault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let outcome = self.advance(chunk);
        self.fault = outcome.as_ref().err().copied();
        outcome
    }

    /// The id to resume after: the last one of a finished block. `None` if there was none, or the last cannot
    /// stand in a `Last-Event-ID` header.
    #[must_use]
    pub fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// How long to wait before reconnecting, as the server wishes, within 1 to 60 s (D13).
    #[must_use]
    pub const fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// How many events were left out because of their type.
    #[must_use]
    pub const fn ignored(&self) -> u64 {
        self.ignored
    }

    fn advance(&mut self, chunk: &mut &[u8]) -> Result<Option<Event>, SseFault> {
        while let Some(line) = self.lines.next(chunk)? {
            if !line.is_empty() {
                self.field(line)?;
            } else if let Some(event) = self.finish()? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// One line of a block. Comments, whose field name is empty, and unknown fields mean nothing.
    fn field(&mut self, line: Cow<'_, [u8]>) -> Result<(), SseFault> {
        let name_end = line.iter().position(|b| *b == b':').unwrap_or(line.len());
        let (name, rest) = line.split_at(name_end);
        let value = rest
            .strip_prefix(b": ")
            .or_else(|| rest.strip_prefix(b":"))
            .unwrap_or(rest);
        match name {
            b"event" => self.foreign = !matches!(value, b"" | b"message"),
            b"id" if !value.contains(&0) => self.pending_id = usable_id(value),
            b"retry" => self.retry = retry(value).or(self.retry),
            b"data" => {
                let value_len = value.len();
                self.add(keep_tail(line, value_len))?;
            }
            _ => {}
        }
        Ok(())
    }

    fn add(&mut self, value: Cow<'_, [u8]>) -> Result<(), SseFault> {
        let fits = match &mut self.data {
            Some(data) => {
                append(data, b"\n", self.event_cap) && append(data, &value, self.event_cap)
            }
            None if value.len() <= self.event_cap => {
                self.data = Some(value.into_owned());
                true
            }
            None => false,
        };
        if fits {
            Ok(())
        } else {
            Err(SseFault::EventTooLong)
        }
    }

    /// The blank line after a block. Empty data is a sign of life and no event.
    fn finish(&mut self) -> Result<Option<Event>, SseFault> {
        let foreign = std::mem::take(&mut self.foreign);
        self.last_id.clone_from(&self.pending_id);
        let Some(data) = self.data.take().filter(|data| !data.is_empty()) else {
            return Ok(None);
        };
        std::str::from_utf8(&data).map_err(|_| SseFault::NotUtf8)?;
        if foreign {
            self.ignored = self.ignored.saturating_add(1);
            return Ok(None);
        }
        Ok(Some(Event { data: data.into() }))
    }
}

/// An id that cannot be sent back is forgotten, and the one before it too: resuming at the wrong place is
/// worse than not resuming.
fn usable_id(value: &[u8]) -> Option<String> {
    let id = std::str::from_utf8(value).ok()?;
    ((1..=MAX_ID_BYTES).contains(&id.len()) && is_value(id)).then(|| id.to_owned())
}

/// ASCII digits count milliseconds; too many of them ask for the longest wait.
fn retry(value: &[u8]) -> Option<Duration> {
    let digits = std::str::from_utf8(value)
        .ok()
        .filter(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))?;
    let wait = digits.parse().map_or(RETRY_MAX, Duration::from_millis);
    Some(wait.clamp(RETRY_MIN, RETRY_MAX))
}

#[cfg(test)]
mod tests;
