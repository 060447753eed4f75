//! Reading a text that passed: a view of one value, and of what is inside it.
//!
//! The view promises nothing new: all it reads was judged before it was made. Reading a member walks its
//! object; take what is needed in one walk rather than by many `get`s on a large object.

use std::borrow::Cow;
use std::fmt;

use super::items::Items;
use super::{Span, strings};

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `{...}`
    Object,
    /// `[...]`
    Array,
    /// `"..."`
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// `null`
    Null,
}

/// A value in a text that passed the gate. Only the gate makes one.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    text: &'a [u8],
    span: Span,
    /// The one value of the text that was skipped and not judged; empty if there is none.
    opaque: Span,
    /// The text again, where it is known that nothing in it is written with an escape.
    plain: Option<&'a str>,
}

impl<'a> Node<'a> {
    pub(super) fn new(text: &'a [u8], span: Span) -> Self {
        Self::with_opaque(text, span, Span::default())
    }

    pub(super) fn with_opaque(text: &'a [u8], span: Span, opaque: Span) -> Self {
        Self {
            text,
            span,
            opaque,
            plain: None,
        }
    }

    /// The one value of a text in which nothing is written with an escape.
    pub(super) fn of_plain(text: &'a str) -> Self {
        Self {
            plain: Some(text),
            ..Self::new(text.as_bytes(), Span::new(0, text.len()))
        }
    }

    /// What the value is; told from its first byte.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.raw().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// Where the value is in the gated text.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// The value as it was written.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.span.of(self.text)
    }

    /// The value of a string, unescaped; `None` for anything else.
    #[must_use]
    #[inline]
    pub fn text(&self) -> Option<Cow<'a, str>> {
        let quoted = self.judged(Kind::String)?.span;
        let inside = Span::new(quoted.start() + 1, quoted.end().checked_sub(1)?);
        unquoted(self.text, inside, self.plain)
    }

    /// The value of a number written as an integer, without fraction or exponent and not `-0`, if it fits.
    #[must_use]
    pub fn integer(&self) -> Option<i64> {
        let raw = self.judged(Kind::Number)?.raw();
        if raw == b"-0" {
            return None;
        }
        std::str::from_utf8(raw).ok()?.parse().ok()
    }

    /// The value of `true` or `false`.
    #[must_use]
    pub fn boolean(&self) -> Option<bool> {
        Some(self.judged(Kind::Bool)?.raw() == b"true")
    }

    /// The members of an object, in order; none for anything else.
    #[must_use]
    pub fn members(&self) -> Members<'a> {
        let object = self.judged(Kind::Object);
        Members {
            items: object.map(|node| Items::of_object(node.text, node.span.start())),
            opaque: self.opaque,
            plain: self.plain,
        }
    }

    /// The members of an object with the place of each, from the quote before its name to the end of its value.
    pub(crate) fn placed_members(&self) -> impl Iterator<Item = (Cow<'a, str>, Span, Node<'a>)> {
        let mut members = self.members();
        std::iter::from_fn(move || members.step())
    }

    /// The elements of an array, in order; none for anything else.
    #[must_use]
    pub fn elements(&self) -> Elements<'a> {
        let array = self.judged(Kind::Array);
        Elements {
            items: array.map(|node| Items::of_array(node.text, node.span.start())),
            opaque: self.opaque,
            plain: self.plain,
        }
    }

    /// The value of member `name`, spelled exactly, of an object.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Node<'a>> {
        self.members()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// This value, if it is of `kind` and was judged.
    fn judged(&self, kind: Kind) -> Option<&Self> {
        (self.kind() == kind && self.is_judged()).then_some(self)
    }

    /// Whether this is not the one value that was only skipped.
    pub(super) fn is_judged(&self) -> bool {
        self.span != self.opaque
    }
}

/// Shows kind and place only: a value may be a secret.
impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut view = f.debug_struct("Node");
        view.field("kind", &self.kind())
            .field("span", &self.span)
            .finish_non_exhaustive()
    }
}

/// The members of an object: each name, unescaped, and value.
#[derive(Debug, Clone)]
pub struct Members<'a> {
    items: Option<Items<'a>>,
    opaque: Span,
    plain: Option<&'a str>,
}

impl<'a> Members<'a> {
    #[inline(always)]
    fn step(&mut self) -> Option<(Cow<'a, str>, Span, Node<'a>)> {
        let items = self.items.as_mut()?;
        let member = items.member().ok()??;
        let text = items.text();
        let name = unquoted(text, member.name, self.plain)?;
        let place = Span::new(member.name.start().saturating_sub(1), member.value.end());
        let value = Node {
            plain: self.plain,
            ..Node::with_opaque(text, member.value, self.opaque)
        };
        Some((name, place, value))
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, Node<'a>);

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let (name, _, value) = self.step()?;
        Some((name, value))
    }
}

/// The elements of an array.
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    items: Option<Items<'a>>,
    opaque: Span,
    plain: Option<&'a str>,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Node<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let items = self.items.as_mut()?;
        let element = items.element().ok()??;
        Some(Node {
            plain: self.plain,
            ..Node::with_opaque(items.text(), element, self.opaque)
        })
    }
}

/// The value of what stands between two quotes, at `inside`.
#[inline]
fn unquoted<'a>(text: &'a [u8], inside: Span, plain: Option<&'a str>) -> Option<Cow<'a, str>> {
    match plain {
        Some(plain) => plain.get(inside.range()).map(Cow::Borrowed),
        None => unescaped(inside.of(text)),
    }
}

fn unescaped(raw: &[u8]) -> Option<Cow<'_, str>> {
    let has_escapes = raw.contains(&b'\\');
    let raw = std::str::from_utf8(raw).ok()?;
    if !has_escapes {
        return Some(Cow::Borrowed(raw));
    }
    let mut value = String::with_capacity(raw.len());
    strings::unescape(raw, &mut value)?;
    Some(Cow::Owned(value))
}
