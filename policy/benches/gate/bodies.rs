//! The messages that are judged: one tool call and one answer around the same payload.

use bytes::Bytes;

/// Sizes of the payload, in bytes.
pub(crate) const SIZES: [usize; 4] = [1 << 10, 16 << 10, 256 << 10, 4 << 20];
/// What payloads are made of.
pub(crate) const SHAPES: [Shape; 4] =
    [Shape::Strings, Shape::Ascii, Shape::Source, Shape::Cyrillic];

/// The id the server is given, so that its answer is taken for one.
pub(crate) const UPSTREAM_ID: u64 = 900_719;

/// What a payload is made of.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// An array of strings that take 14 bytes each, quotes and comma included.
    Strings,
    /// One string of plain letters.
    Ascii,
    /// One string with an escaped line end after every 58 letters.
    Source,
    /// One string of two-byte letters.
    Cyrillic,
}

impl Shape {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Strings => "many small strings",
            Self::Ascii => "one ASCII string",
            Self::Source => "source, \\n every 60 B",
            Self::Cyrillic => "Cyrillic",
        }
    }

    /// Nanoseconds a MiB of this may cost; values are counted apart.
    pub(crate) const fn nanos_a_mib(self) -> f64 {
        match self {
            Self::Strings | Self::Ascii => 60_000.0,
            Self::Source | Self::Cyrillic => 300_000.0,
        }
    }

    fn payload(self, size: usize) -> String {
        match self {
            Self::Strings => format!("[{}\"\"]", r#""abcdefghijk","#.repeat(size / 14)),
            Self::Ascii => format!("\"{}\"", "a".repeat(size)),
            Self::Source => format!("\"{}\"", format!("{}\\n", "x".repeat(58)).repeat(size / 60)),
            Self::Cyrillic => format!("\"{}\"", "ж".repeat(size / 2)),
        }
    }
}

/// A call and its answer.
pub(crate) struct Body {
    pub(crate) shape: Shape,
    pub(crate) size: usize,
    pub(crate) call: Bytes,
    pub(crate) answer: Bytes,
    /// Values in the call, containers included.
    pub(crate) nodes: usize,
}

impl Body {
    pub(crate) fn new(shape: Shape, size: usize) -> Self {
        let payload = shape.payload(size);
        let call = format!(
            r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"echo","arguments":{{"payload":{payload}}}}}}}"#
        );
        let answer = format!(
            r#"{{"jsonrpc":"2.0","id":{UPSTREAM_ID},"result":{{"content":[],"structuredContent":{{"payload":{payload}}}}}}}"#
        );
        let strings = match shape {
            Shape::Strings => size / 14 + 1,
            Shape::Ascii | Shape::Source | Shape::Cyrillic => 0,
        };
        Self {
            shape,
            size,
            call: call.into(),
            answer: answer.into(),
            nodes: 8 + strings,
        }
    }

    /// The part of a MiB that the call takes.
    pub(crate) fn mib(&self) -> f64 {
        self.call.len() as f64 / f64::from(1 << 20)
    }

    /// Fewer rounds where one is long.
    pub(crate) fn rounds(&self) -> usize {
        if self.size >= 1 << 20 { 15 } else { 41 }
    }

    /// Readings a turn, so that a turn is much longer than looking at the clock.
    pub(crate) fn repeats(&self) -> u32 {
        match self.size {
            0..0x1000 => 200,
            0x1000..0x10000 => 50,
            0x10000..0x10_0000 => 5,
            _ => 1,
        }
    }
}
