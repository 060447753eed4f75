//! One value of a gated text, kept after the text is gone.

use std::fmt;

use bytes::Bytes;

use super::{Node, Span};

/// The bytes of one judged value. Only a [`Node`] makes one. Cloning is cheap.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept(Bytes);

impl Kept {
    /// The value, to be read again.
    #[must_use]
    pub fn node(&self) -> Node<'_> {
        Node::new(&self.0, Span::new(0, self.0.len()))
    }
}

impl Node<'_> {
    /// A copy of this value that outlives its text. Nothing for the one value that was skipped and not judged.
    #[must_use]
    pub fn keep(&self) -> Option<Kept> {
        self.is_judged()
            .then(|| Kept(Bytes::copy_from_slice(self.raw())))
    }
}

/// Shows the size only: a value may be a secret.
impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("bytes", &self.0.len())
            .finish_non_exhaustive()
    }
}
