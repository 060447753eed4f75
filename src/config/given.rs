//! A value as one source gave it, before its meaning is known.
//!
//! Promises: there is no `Debug`, since a secret may stand in a wrong place.
//! Leaves to others: merging sources (`sources`) and meaning (the sections).

use super::mistake::Source;

/// What one source gave for one setting.
#[derive(Clone)]
pub(crate) struct Given {
    /// Where.
    pub(crate) source: Source,
    /// One item for a single value, any number for the others.
    pub(crate) items: Vec<Item>,
}

/// One element of a list, or the single value.
#[derive(Clone)]
pub(crate) struct Item {
    /// Where this element stands.
    pub(crate) source: Source,
    /// The element.
    pub(crate) value: Value,
}

/// An element in one of its two shapes.
#[derive(Clone)]
pub(crate) enum Value {
    /// Text, to be parsed.
    Text(String),
    /// Named fields of a mapping in the file: a header or a binding.
    Fields(Vec<Field>),
}

/// A named field.
#[derive(Clone)]
pub(crate) struct Field {
    /// Where the value stands.
    pub(crate) source: Source,
    /// The name, as written.
    pub(crate) name: String,
    /// The value, as written.
    pub(crate) text: String,
}

impl Item {
    /// A text element.
    pub(crate) fn text(source: Source, text: String) -> Self {
        Self {
            source,
            value: Value::Text(text),
        }
    }
}
