//! Reading a table of the file with a closed list of keys: what is not known is a mistake, and so is a value of another type.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::Mistakes;
use crate::refusal::Line;

/// One value and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Item<'t> {
    value: &'t DeValue<'t>,
    /// The byte it begins at.
    pub(super) at: usize,
}

/// One table and where it begins.
#[derive(Clone, Copy)]
pub(super) struct Section<'t> {
    table: &'t DeTable<'t>,
    /// The byte it begins at.
    pub(super) at: usize,
}

impl<'t> Section<'t> {
    /// A whole file.
    pub(super) fn of(file: &'t Spanned<DeTable<'t>>) -> Self {
        Self {
            table: file.get_ref(),
            at: file.span().start,
        }
    }

    /// The same table, once each key it has is told to be one of these; `home` says where a key that is not may belong.
    pub(super) fn closed(
        self,
        keys: &[&str],
        home: impl Fn(&str) -> Option<&'static str>,
        mistakes: &mut Mistakes<'_>,
    ) -> Self {
        for (key, at, _) in self.entries().filter(|(key, _, _)| !keys.contains(key)) {
            if mistakes.has_on_line(at) {
                continue;
            }
            let problem = format!("unknown field `{key}`");
            let remedy = match (home(key), nearest(key, keys)) {
                (Some(home), _) => format!(
                    "it belongs to {home}: keys below a header belong to that header, so move it up"
                ),
                (None, Some(near)) => format!("did you mean `{near}`?"),
                (None, None) => format!("use one of {}", listed(keys)),
            };
            mistakes.add(at, &problem, &remedy);
        }
        self
    }

    /// The value of a key, if it is there.
    pub(super) fn get(&self, key: &str) -> Option<Item<'t>> {
        self.table.get(key).map(Item::of)
    }

    /// The value of a key that must be there.
    pub(super) fn need(&self, key: &str, mistakes: &mut Mistakes<'_>) -> Option<Item<'t>> {
        let found = self.get(key);
        if found.is_none() {
            mistakes.add(self.at, &format!("missing field `{key}`"), "add it");
        }
        found
    }

    /// Every key, where it stands, and its value; in the order of the keys.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'t str, usize, Item<'t>)> + use<'t> {
        self.table
            .iter()
            .map(|(key, value)| (key.get_ref().as_ref(), key.span().start, Item::of(value)))
    }
}

impl<'t> Item<'t> {
    fn of(value: &'t Spanned<DeValue<'t>>) -> Self {
        Self {
            value: value.get_ref(),
            at: value.span().start,
        }
    }

    /// Its line.
    pub(super) fn line(&self, mistakes: &Mistakes<'_>) -> Line {
        mistakes.line(self.at)
    }

    /// What it is, whatever it is.
    pub(super) fn value(&self) -> &'t DeValue<'t> {
        self.value
    }

    /// A text.
    pub(super) fn text(&self, mistakes: &mut Mistakes<'_>) -> Option<&'t str> {
        let text = self.value.as_str();
        self.expect(text, "text in quotes", mistakes)
    }

    /// A whole number of 64 bits.
    pub(super) fn integer(&self, mistakes: &mut Mistakes<'_>) -> Option<i64> {
        let number = self
            .value
            .as_integer()
            .and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok());
        self.expect(number, "a whole number", mistakes)
    }

    /// `true` or `false`.
    pub(super) fn boolean(&self, mistakes: &mut Mistakes<'_>) -> Option<bool> {
        let boolean = self.value.as_bool();
        self.expect(boolean, "`true` or `false`", mistakes)
    }

    /// A table in braces or under a header.
    pub(super) fn section(&self, mistakes: &mut Mistakes<'_>) -> Option<Section<'t>> {
        let section = self
            .value
            .as_table()
            .map(|table| Section { table, at: self.at });
        self.expect(section, "a table", mistakes)
    }

    /// A list with something in it.
    pub(super) fn list(&self, mistakes: &mut Mistakes<'_>) -> Option<Vec<Item<'t>>> {
        let list = self.items("a list in brackets", mistakes)?;
        if list.is_empty() {
            mistakes.add(
                self.at,
                "an empty list allows nothing",
                "name something, or leave the list out",
            );
            return None;
        }
        Some(list)
    }

    /// A list of texts with something in it: each text and where it stands.
    pub(super) fn texts(&self, mistakes: &mut Mistakes<'_>) -> Option<Vec<(&'t str, usize)>> {
        let list = self.list(mistakes)?;
        let texts = list
            .iter()
            .filter_map(|item| Some((item.text(mistakes)?, item.at)));
        Some(texts.collect())
    }

    /// Its elements; none for what is no list.
    pub(super) fn elements(&self) -> Vec<Item<'t>> {
        self.value
            .as_array()
            .map_or_else(Vec::new, |list| list.iter().map(Item::of).collect())
    }

    /// Where its elements stand; for what is no list, where it stands itself.
    pub(super) fn places(&self) -> Vec<usize> {
        match self.value.as_array() {
            Some(list) => list.iter().map(|element| element.span().start).collect(),
            None => vec![self.at],
        }
    }

    /// The tables of a repeated header.
    pub(super) fn sections(&self, header: &str, mistakes: &mut Mistakes<'_>) -> Vec<Section<'t>> {
        let expected = format!("one or more `[[{header}]]`");
        let list = self.items(&expected, mistakes).unwrap_or_default();
        list.iter()
            .filter_map(|item| item.section(mistakes))
            .collect()
    }

    fn items(&self, expected: &str, mistakes: &mut Mistakes<'_>) -> Option<Vec<Item<'t>>> {
        let list = self.value.as_array();
        let list = self.expect(list, expected, mistakes)?;
        Some(list.iter().map(Item::of).collect())
    }

    fn expect<T>(
        &self,
        found: Option<T>,
        expected: &str,
        mistakes: &mut Mistakes<'_>,
    ) -> Option<T> {
        if found.is_none() {
            let problem = format!("invalid type: {}", self.value.type_str());
            mistakes.add(self.at, &problem, &format!("write {expected}"));
        }
        found
    }
}

/// Keys as a reader is told of them.
pub(super) fn listed(keys: &[&str]) -> String {
    let quoted: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    quoted.join(", ")
}

/// No key of the language is longer.
const LONGEST_KEY: usize = 32;

/// The key that was probably meant: the same but for case, dashes and one letter.
fn nearest<'k>(written: &str, keys: &[&'k str]) -> Option<&'k str> {
    let plain = |key: &str| key.to_ascii_lowercase().replace('-', "_");
    if written.len() > LONGEST_KEY {
        return None;
    }
    let written = plain(written);
    let mut by_distance = keys
        .iter()
        .map(|key| (distance(&written, &plain(key)), *key));
    by_distance
        .by_ref()
        .filter(|(distance, _)| *distance <= 2)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, key)| key)
}

/// Letters to insert, remove or change (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (b, above) in other.chars().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(a != b))
                .min(left + 1)
                .min(above + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
