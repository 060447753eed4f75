//! One value of a gated text, kept after the text is gone.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::{Node, Span};

/// Up to so many bytes it pays to look once whether all of a text is plain, so that its strings need not be looked at one by one.
const SHORT: usize = 4096;

/// The text of one judged value. Only a [`Node`] makes one. Cloning is cheap.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept(Text);

#[derive(Clone, PartialEq, Eq)]
enum Text {
    /// Short, and nothing in it is written with an escape.
    Plain(Arc<str>),
    Any(Bytes),
}

impl Kept {
    /// The value, to be read again.
    #[must_use]
    pub fn node(&self) -> Node<'_> {
        match &self.0 {
            Text::Plain(text) => Node::of_plain(text),
            Text::Any(text) => Node::new(text, Span::new(0, text.len())),
        }
    }

    fn bytes(&self) -> usize {
        match &self.0 {
            Text::Plain(text) => text.len(),
            Text::Any(text) => text.len(),
        }
    }
}

impl Node<'_> {
    /// A copy of this value that outlives its text. Nothing for the one value that was skipped and not judged.
    #[must_use]
    pub fn keep(&self) -> Option<Kept> {
        let raw = self.is_judged().then(|| self.raw())?;
        Some(Kept(match plain(raw) {
            Some(text) => Text::Plain(text.into()),
            None => Text::Any(Bytes::copy_from_slice(raw)),
        }))
    }
}

fn plain(raw: &[u8]) -> Option<&str> {
    let may_be = raw.len() <= SHORT && !raw.contains(&b'\\');
    may_be.then(|| std::str::from_utf8(raw).ok()).flatten()
}

/// Shows the size only: a value may be a secret.
impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}
