//! Repeated member names, told apart by value and not by spelling (A1, A2).
//!
//! One stack holds the names of every open object. A small object compares each new name with the ones before
//! it, by a 64-bit fingerprint first. A large one waits until it closes, then sorts keyed hashes of its names and
//! compares neighbours, and only if two are equal the names: who chooses names cannot choose hashes (A18).

use std::hash::{BuildHasher, Hasher, RandomState};

use super::{Fault, Span, strings};

/// Objects with at most this many members compare as they go.
const FEW: usize = 16;

/// The names of the objects that are open.
#[derive(Debug)]
pub(super) struct Keys {
    names: Vec<Name>,
    /// Keyed hashes of the names of one large object, while it closes.
    hashes: Vec<u64>,
    /// The values of names that are written with escapes.
    unescaped: String,
}

/// Where the names of one object begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    names: usize,
    unescaped: usize,
}

#[derive(Debug, Clone, Copy)]
struct Name {
    fingerprint: u64,
    place: Place,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Text(Span),
    Unescaped(Span),
}

impl Mark {
    /// Before any name.
    pub(super) const START: Self = Self {
        names: 0,
        unescaped: 0,
    };
}

impl Keys {
    pub(super) fn new() -> Self {
        Self {
            names: Vec::with_capacity(2 * FEW),
            hashes: Vec::new(),
            unescaped: String::new(),
        }
    }

    /// The place to give back when the object that opens now closes.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            names: self.names.len(),
            unescaped: self.unescaped.len(),
        }
    }

    /// Adds a member name of the innermost object, whose names begin at `since`, and refuses it if it is
    /// there already or holds U+0000 (A4). `raw` is the text between its quotes.
    #[inline(always)]
    pub(super) fn push(
        &mut self,
        text: &[u8],
        raw: Span,
        escaped: bool,
        since: Mark,
    ) -> Result<(), Fault> {
        let place = if escaped {
            self.unescape(raw.of(text))?
        } else {
            Place::Text(raw)
        };
        let fingerprint = fingerprint(self.value(text, place));
        let siblings = self.names.get(since.names..).unwrap_or_default();
        if siblings.len() < FEW && self.holds(text, siblings, Name { fingerprint, place }) {
            return Err(Fault::DuplicateKey);
        }
        self.names.push(Name { fingerprint, place });
        Ok(())
    }

    /// The name added last, unescaped.
    pub(super) fn last<'a>(&'a self, text: &'a [u8]) -> &'a [u8] {
        let last = self.names.last();
        last.map_or(&[], |name| self.value(text, name.place))
    }

    /// Forgets the names since `since`, after refusing repeated ones that `push` left to this moment.
    pub(super) fn close(&mut self, text: &[u8], since: Mark) -> Result<(), Fault> {
        if self.names.len() - since.names > FEW {
            self.refuse_repeated(text, since)?;
        }
        self.names.truncate(since.names);
        self.unescaped.truncate(since.unescaped);
        Ok(())
    }

    fn refuse_repeated(&mut self, text: &[u8], since: Mark) -> Result<(), Fault> {
        let Self {
            names,
            hashes,
            unescaped,
        } = self;
        let names = names.get_mut(since.names..).unwrap_or_default();
        let value = |name: &Name| value_of(text, unescaped, name.place);
        let keyed = RandomState::new();
        hashes.clear();
        hashes.extend(names.iter().map(|name| hash(&keyed, value(name))));
        hashes.sort_unstable();
        if neighbours(hashes).all(|(a, b)| a != b) {
            return Ok(());
        }
        names.sort_unstable_by(|a, b| value(a).cmp(value(b)));
        match neighbours(names).any(|(a, b)| value(a) == value(b)) {
            true => Err(Fault::DuplicateKey),
            false => Ok(()),
        }
    }

    #[inline]
    fn holds(&self, text: &[u8], siblings: &[Name], new: Name) -> bool {
        siblings.iter().any(|old| {
            old.fingerprint == new.fingerprint
                && self.value(text, old.place) == self.value(text, new.place)
        })
    }

    #[cold]
    fn unescape(&mut self, raw: &[u8]) -> Result<Place, Fault> {
        let raw = std::str::from_utf8(raw).map_err(|_| Fault::Utf8)?;
        let start = self.unescaped.len();
        strings::unescape(raw, &mut self.unescaped).ok_or(Fault::Escape)?;
        let span = Span::new(start, self.unescaped.len());
        if span.of(self.unescaped.as_bytes()).contains(&0) {
            return Err(Fault::NulInKey);
        }
        Ok(Place::Unescaped(span))
    }

    #[inline]
    fn value<'a>(&'a self, text: &'a [u8], place: Place) -> &'a [u8] {
        value_of(text, &self.unescaped, place)
    }
}

fn hash(keyed: &RandomState, value: &[u8]) -> u64 {
    let mut hasher = keyed.build_hasher();
    hasher.write(value);
    hasher.finish()
}

fn neighbours<T>(sorted: &[T]) -> impl Iterator<Item = (&T, &T)> {
    sorted.iter().zip(sorted.iter().skip(1))
}

#[inline]
fn value_of<'a>(text: &'a [u8], unescaped: &'a str, place: Place) -> &'a [u8] {
    match place {
        Place::Text(span) => span.of(text),
        Place::Unescaped(span) => span.of(unescaped.as_bytes()),
    }
}

/// Tells most names apart. Equal ones are compared in full.
#[inline]
fn fingerprint(name: &[u8]) -> u64 {
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    let length = (name.len() as u64).wrapping_mul(SPREAD);
    if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
        let first = u64::from_le_bytes(*first).wrapping_mul(SPREAD);
        return length ^ first ^ u64::from_le_bytes(*last);
    }
    if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
        let first = u64::from(u32::from_le_bytes(*first));
        return length ^ first ^ u64::from(u32::from_le_bytes(*last)) << 32;
    }
    name.iter()
        .fold(length, |all, byte| all << 8 ^ u64::from(*byte))
}
