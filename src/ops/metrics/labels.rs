//! Label sets, and the words that may stand in them.

use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use prometheus_client::encoding::{EncodeLabelValue, LabelValueEncoder};

/// In place of a word that is not on the list (W-03).
pub(super) const OTHER: &str = "other";

/// Names with their values, in the order of the documentation.
pub(super) type Labels = Vec<(&'static str, Word)>;

/// The value of a label. Made for every event, so it is shared and not copied.
#[derive(Clone, Debug)]
pub(super) enum Word {
    /// Of a fixed list.
    Fixed(&'static str),
    /// Of the configuration.
    Known(Arc<str>),
    /// An HTTP status.
    Status(u16),
}

impl Word {
    /// Two words of the same text are one series, wherever they come from; a status is none of them.
    fn key(&self) -> (&str, u16) {
        match self {
            Self::Fixed(word) => (word, 0),
            Self::Known(word) => (word, 0),
            Self::Status(status) => ("", *status),
        }
    }
}

impl PartialEq for Word {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Word {}

impl Hash for Word {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl From<&'static str> for Word {
    fn from(word: &'static str) -> Self {
        Self::Fixed(word)
    }
}

impl From<String> for Word {
    fn from(word: String) -> Self {
        Self::Known(word.into())
    }
}

impl EncodeLabelValue for Word {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        match self {
            Self::Fixed(word) => encoder.write_str(word),
            Self::Known(word) => encoder.write_str(word),
            Self::Status(status) => write!(encoder, "{status}"),
        }
    }
}

/// The words of the configuration that may be labels.
#[derive(Clone, Debug, Default)]
pub struct Known {
    tunnel: Arc<str>,
    channels: Vec<Arc<str>>,
}

impl Known {
    /// The tunnel, and the configured channels.
    #[must_use]
    pub fn new(tunnel: &str, channels: &[String]) -> Self {
        Self {
            tunnel: tunnel.into(),
            channels: channels.iter().map(|name| name.as_str().into()).collect(),
        }
    }

    pub(super) fn tunnel(&self) -> Word {
        Word::Known(Arc::clone(&self.tunnel))
    }

    /// The channel if it is configured, else `other`.
    pub(super) fn channel(&self, name: &str) -> Word {
        let found = self
            .channels
            .iter()
            .find(|channel| channel.as_ref() == name);
        found.map_or(Word::Fixed(OTHER), |channel| {
            Word::Known(Arc::clone(channel))
        })
    }
}

/// The catalogue's name, or `other` for a method that is not in it.
pub(super) const fn method(name: &'static str) -> &'static str {
    if name.is_empty() { OTHER } else { name }
}

/// One label.
pub(super) fn one(name: &'static str, value: impl Into<Word>) -> Labels {
    vec![(name, value.into())]
}
