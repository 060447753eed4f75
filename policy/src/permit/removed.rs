//! What was taken out of a listing, named for the record: names only, never a definition.

/// The most names, and the most characters of one.
const NAMES: usize = 16;
const CHARACTERS: usize = 128;

/// The items taken out of one listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// How many there are.
    pub count: usize,
    /// Their names or URIs as the server wrote them, in its order: the first 16 of those that have one, each cut behind 128 characters.
    pub names: Vec<String>,
    /// Whether these are URIs: they may name people and their things, where the names of tools and prompts name what a server can do.
    pub are_uris: bool,
}

impl Removed {
    /// So many, which are not named.
    pub(super) fn unnamed(count: usize) -> Self {
        Self {
            count,
            ..Self::default()
        }
    }

    /// Items with these names; `None` for one that has none.
    pub(super) fn of<'n>(items: impl Iterator<Item = Option<&'n str>>, are_uris: bool) -> Self {
        let mut removed = Self {
            are_uris,
            ..Self::default()
        };
        for name in items {
            removed.count += 1;
            if removed.names.len() < NAMES {
                removed.names.extend(name.map(cut));
            }
        }
        removed
    }
}

fn cut(name: &str) -> String {
    name.chars().take(CHARACTERS).collect()
}
