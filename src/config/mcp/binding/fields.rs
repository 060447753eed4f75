//! The fields of a binding, from each of the ways to write one.
//!
//! Leaves to others: which fields there are and what they mean (`binding`).

use super::super::super::given::{Field, Item, Value};
use super::super::super::mistake::{Fault, Source};

/// The fields of an item: as they are, from `key=value,...`, or a bare URL.
pub(super) fn of(item: &Item) -> Result<Vec<Field>, Fault> {
    let field = |name: &str, text: &str| Field {
        source: item.source.clone(),
        name: name.trim().to_owned(),
        text: text.trim().to_owned(),
    };
    match &item.value {
        Value::Fields(fields) => Ok(fields.iter().map(spelled_as_flag).collect()),
        Value::Text(text) if is_bare_url(text) => Ok(vec![field("url", text)]),
        Value::Text(text) => text
            .split(',')
            .map(|part| {
                part.split_once('=')
                    .map(|(name, value)| field(name, value))
                    .ok_or_else(not_a_field)
            })
            .collect(),
    }
}

/// The file spells with `_` what flags spell with `-`. Swapping both keeps the other spelling unknown.
fn spelled_as_flag(field: &Field) -> Field {
    let swap = |letter| match letter {
        '_' => '-',
        '-' => '_',
        other => other,
    };
    Field {
        name: field.name.chars().map(swap).collect(),
        ..field.clone()
    }
}

/// The names as the source spells them.
pub(super) fn spelled(names: &[&str], source: &Source) -> String {
    let names = names.join(", ");
    if matches!(source, Source::File { .. }) {
        names.replace('-', "_")
    } else {
        names
    }
}

/// A URL before any `=` that could end the name of a field.
fn is_bare_url(text: &str) -> bool {
    let head = text.split('=').next().unwrap_or_default();
    head.contains("://") || !text.contains('=')
}

fn not_a_field() -> Fault {
    Fault::new(
        "has an entry that is not `key=value`",
        "write url=..,channel=..; a URL with a comma goes into the configuration file",
    )
}
