//! Matchers as a policy writes them: a closed set of keys, each for the types it can judge.

use super::audit::choose;
use super::keys;
use super::mistake::Mistakes;
use super::numbers;
use super::section::{Item, Section, listed};
use super::texts;
use crate::matcher::{Fields, Matcher, Rule};

/// Which keys say something about a value of a type, besides `type` and `required`.
const BY_TYPE: [(&str, &[&str]); 7] = [
    (
        "string",
        &[
            "one_of",
            "equals",
            "prefix",
            "suffix",
            "path_under",
            "host_in",
            "schemes",
            "min_bytes",
            "max_bytes",
            "charset",
            "format",
            "pattern",
        ],
    ),
    ("integer", &["one_of", "equals", "min", "max"]),
    ("number", &["min", "max"]),
    ("boolean", &["equals"]),
    ("array", &["max_items", "each"]),
    ("object", &["fields"]),
    ("null", &[]),
];

/// Rules for the members of an object, by name.
pub(super) fn fields(section: Section<'_>, mistakes: &mut Mistakes<'_>) -> Fields {
    let mut rules = Vec::new();
    for (name, at, item) in section.entries() {
        check_name(name, at, mistakes);
        let Some(section) = item.section(mistakes) else {
            continue;
        };
        let required = section
            .get("required")
            .and_then(|item| item.boolean(mistakes));
        let line = mistakes.line(at);
        if let Some(matcher) = matcher(section, at, mistakes) {
            let required = required.unwrap_or(false);
            rules.push((
                name.to_owned(),
                Rule {
                    line,
                    required,
                    matcher,
                },
            ));
        }
    }
    Fields::new(rules).unwrap_or_else(|| {
        let remedy = format!("name at most {}", Fields::MOST);
        mistakes.add(section.at, "these are too many names", &remedy);
        Fields::default()
    })
}

/// A name that mixes alphabets is one that a reviewer misreads.
fn check_name(name: &str, at: usize, mistakes: &mut Mistakes<'_>) {
    let is_latin = |c: char| c.is_ascii_alphabetic();
    let is_alike = |c: char| matches!(c, '\u{370}'..='\u{52f}' | '\u{ff21}'..='\u{ff5a}');
    if name.chars().any(is_latin) && name.chars().any(is_alike) {
        let problem = format!(
            "`{}` mixes letters of two alphabets that look alike",
            name.escape_unicode()
        );
        mistakes.add(at, &problem, "write it in one");
    }
}

/// What a value must be. `named` is the place to name for what is said about the whole.
fn matcher(section: Section<'_>, named: usize, mistakes: &mut Mistakes<'_>) -> Option<Matcher> {
    let section = section.closed(&keys::MATCHER, keys::nowhere, mistakes);
    let types = BY_TYPE.map(|(name, keys)| (name, (name, keys)));
    let Some(written) = section.get("type") else {
        let types = listed(&BY_TYPE.map(|(name, _)| name));
        mistakes.add(
            named,
            "missing field `type`",
            &format!("add it: one of {types}"),
        );
        return None;
    };
    let (name, keys) = choose(Some(written), &types, mistakes)?;
    refuse_foreign(section, name, keys, mistakes);
    Some(match name {
        "string" => Matcher::Text(Box::new(texts::compile(section, named, mistakes))),
        "integer" => Matcher::Integer(numbers::integers(section, mistakes)),
        "number" => Matcher::Number(numbers::numbers(section, mistakes)),
        "boolean" => Matcher::Boolean(
            section
                .get("equals")
                .and_then(|item| item.boolean(mistakes)),
        ),
        "array" => array(section, named, mistakes),
        "object" => object(section, named, mistakes),
        _ => Matcher::Null,
    })
}

/// A key that says nothing about values of this type is a rule that can never match.
fn refuse_foreign(section: Section<'_>, name: &str, own: &[&str], mistakes: &mut Mistakes<'_>) {
    let always = ["type", "required"];
    let foreign =
        |key: &&str| keys::MATCHER.contains(key) && !always.contains(key) && !own.contains(key);
    for (key, at, _) in section.entries().filter(|(key, _, _)| foreign(key)) {
        let remedy = match own {
            [] => "remove it".to_owned(),
            _ => format!("use {}", listed(own)),
        };
        mistakes.add(
            at,
            &format!("`{key}` can never match a value of type {name}"),
            &remedy,
        );
    }
}

fn array(section: Section<'_>, named: usize, mistakes: &mut Mistakes<'_>) -> Matcher {
    let most = section
        .get("max_items")
        .and_then(|item| count(item, mistakes));
    let each = section.get("each").and_then(|item| {
        let section = item.section(mistakes)?;
        if let Some(required) = section.get("required") {
            mistakes.add(
                required.at,
                "an element is always there",
                "remove `required`",
            );
        }
        matcher(section, item.at, mistakes)
    });
    if most.is_none() || each.is_none() {
        mistakes.warn(
            named,
            "this array is not bounded",
            "add `max_items` and `each`",
        );
    }
    Matcher::Array {
        most,
        each: each.map(Box::new),
    }
}

fn object(section: Section<'_>, named: usize, mistakes: &mut Mistakes<'_>) -> Matcher {
    let Some(item) = section.get("fields") else {
        mistakes.warn(
            named,
            "any object matches this",
            "name its members in `fields`",
        );
        return Matcher::Object(None);
    };
    Matcher::Object(
        item.section(mistakes)
            .map(|section| fields(section, mistakes)),
    )
}

/// A number of bytes or items; none is no limit and nothing else.
pub(super) fn count(item: Item<'_>, mistakes: &mut Mistakes<'_>) -> Option<usize> {
    let count = usize::try_from(item.integer(mistakes)?)
        .ok()
        .filter(|count| *count > 0);
    if count.is_none() {
        mistakes.add(
            item.at,
            "this limit is out of range",
            "use 1 or more; zero never means unlimited",
        );
    }
    count
}
