//! Walking the items of one object or array by structure alone.

use super::{GateError, Span, tokens};

/// A place between two items of a container.
#[derive(Debug, Clone)]
pub(super) struct Items<'a> {
    text: &'a [u8],
    at: usize,
    closer: u8,
    is_first: bool,
}

/// A member by its places: the name between its quotes, and the value.
pub(super) struct Member {
    pub(super) name: Span,
    pub(super) value: Span,
}

impl<'a> Items<'a> {
    /// The members of the object that opens at `start`.
    pub(super) fn of_object(text: &'a [u8], start: usize) -> Self {
        Self::new(text, start, b'}')
    }

    /// The elements of the array that opens at `start`.
    pub(super) fn of_array(text: &'a [u8], start: usize) -> Self {
        Self::new(text, start, b']')
    }

    fn new(text: &'a [u8], start: usize, closer: u8) -> Self {
        Self {
            text,
            at: start + 1,
            closer,
            is_first: true,
        }
    }

    /// The text that is walked.
    pub(super) fn text(&self) -> &'a [u8] {
        self.text
    }

    /// The next member; `None`, again and again, once the object has closed.
    #[inline]
    pub(super) fn member(&mut self) -> Result<Option<Member>, GateError> {
        let Some(at) = self.start()? else {
            return Ok(None);
        };
        let start = tokens::expect(self.text, at, b'"')?;
        let end = super::strings::skip(self.text, start)?;
        let colon = tokens::space_end(self.text, end + 1);
        let value = tokens::space_end(self.text, tokens::expect(self.text, colon, b':')?);
        Ok(Some(Member {
            name: Span::new(start, end),
            value: self.value(value)?,
        }))
    }

    /// The next element; `None`, again and again, once the array has closed.
    #[inline]
    pub(super) fn element(&mut self) -> Result<Option<Span>, GateError> {
        match self.start()? {
            Some(at) => Ok(Some(self.value(at)?)),
            None => Ok(None),
        }
    }

    /// The offset after the closing bracket, once there are no more items.
    pub(super) fn end(&self) -> usize {
        self.at + 1
    }

    /// The offset of the next item, past the comma before it.
    #[inline]
    fn start(&mut self) -> Result<Option<usize>, GateError> {
        self.at = tokens::space_end(self.text, self.at);
        if self.text.get(self.at) == Some(&self.closer) {
            return Ok(None);
        }
        if std::mem::take(&mut self.is_first) {
            return Ok(Some(self.at));
        }
        let after = tokens::expect(self.text, self.at, b',')?;
        Ok(Some(tokens::space_end(self.text, after)))
    }

    #[inline]
    fn value(&mut self, start: usize) -> Result<Span, GateError> {
        self.at = tokens::value_end(self.text, start)?;
        Ok(Span::new(start, self.at))
    }
}
