//! Label sets, and the words that may stand in them.

use std::borrow::Cow;

/// In place of a word that is not on the list (W-03).
pub(super) const OTHER: &str = "other";

/// Names with their values, in the order of the documentation.
pub(super) type Labels = Vec<(&'static str, Cow<'static, str>)>;

/// The words of the configuration that may be labels.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The tunnel.
    pub tunnel: String,
    /// The configured channels.
    pub channels: Vec<String>,
}

impl Known {
    /// The channel if it is configured, else `other`.
    pub(super) fn channel(&self, name: &str) -> Cow<'static, str> {
        let found = self.channels.iter().find(|channel| *channel == name);
        found.map_or(Cow::Borrowed(OTHER), |channel| Cow::Owned(channel.clone()))
    }
}

/// The catalogue's name, or `other` for a method that is not in it.
pub(super) const fn method(name: &'static str) -> &'static str {
    if name.is_empty() { OTHER } else { name }
}

/// One label.
pub(super) fn one(name: &'static str, value: impl Into<Cow<'static, str>>) -> Labels {
    vec![(name, value.into())]
}
