//! From the tree of a file to the values of settings.
//!
//! Promises: every key that is not ours is reported with its place and the keys that are known there; none is skipped.
//! Leaves to others: what the values mean.

use std::collections::BTreeMap;

use serde_saphyr::Spanned;

use super::super::given::{Field, Given, Item, Value};
use super::super::mistake::{Mistake, Notice, Source};
use super::super::retired::{self, Retired};
use super::super::table::{self, Kind, Setting};
use super::Places;
use super::keys::{is_section, join, known_under, named, shape};
use super::tree::{Node, scalar};

const VERSION_KEY: &str = "config_version";

/// What a file gave.
#[derive(Default)]
pub(crate) struct FileValues {
    /// By key.
    pub(crate) given: BTreeMap<&'static str, Given>,
    /// What is wrong with the file.
    pub(crate) mistakes: Vec<Mistake>,
    /// What has no effect.
    pub(crate) notices: Vec<Notice>,
    /// The file could not be read, so a setting that is missing elsewhere may well be in it.
    pub(crate) unreadable: bool,
}

impl FileValues {
    /// A file that gave nothing.
    pub(crate) fn broken(mistake: Mistake) -> Self {
        Self {
            mistakes: vec![mistake],
            unreadable: true,
            ..Self::default()
        }
    }
}

/// Walks the tree.
pub(crate) fn flatten(root: &Spanned<Node>, text: &str, places: &Places<'_>) -> FileValues {
    let mut walk = Walk {
        text,
        places,
        found: FileValues::default(),
    };
    walk.section("", root);
    walk.found
}

struct Walk<'a> {
    text: &'a str,
    places: &'a Places<'a>,
    found: FileValues,
}

impl Walk<'_> {
    fn section(&mut self, path: &str, node: &Spanned<Node>) {
        match &node.value {
            Node::Null => {}
            Node::Mapping(entries) => {
                for (key, value) in entries {
                    self.entry(path, key, value);
                }
            }
            Node::Text(_) | Node::Bool(_) | Node::Number | Node::Sequence(_) => {
                self.wrong(
                    named(path),
                    node,
                    "is not a mapping",
                    "write `key: value` lines under it",
                );
            }
        }
    }

    fn entry(&mut self, path: &str, key: &Spanned<String>, value: &Spanned<Node>) {
        let full = join(path, &key.value);
        if key.value.contains('.') {
            // `a.b: 1` beside `a: {b: 2}` would be one setting given twice without a duplicate key.
            self.unknown(path, key);
        } else if full == VERSION_KEY {
            self.version(value);
        } else if let Some(setting) = table::all().find(|setting| setting.key == full) {
            self.setting(setting, value);
        } else if let Some(retired) = retired::ALL
            .iter()
            .find(|retired| retired.key == full && retired.in_file())
        {
            self.retired(retired, value);
        } else if is_section(&full) {
            self.section(&full, value);
        } else {
            self.unknown(path, key);
        }
    }

    fn version(&mut self, node: &Spanned<Node>) {
        if scalar(node, self.text).as_deref() != Some("1") {
            self.wrong(
                VERSION_KEY,
                node,
                "is not a known version of this file",
                "write `config_version: 1`",
            );
        }
    }

    fn setting(&mut self, setting: &'static Setting, node: &Spanned<Node>) {
        let source = self.places.at(node.referenced);
        let items = match (setting.kind, &node.value) {
            (_, Node::Null) if setting.empty_ok => return,
            (Kind::Single(_), _) => {
                scalar(node, self.text).map(|text| vec![Item::text(source.clone(), text)])
            }
            (Kind::List, Node::Sequence(nodes)) => {
                nodes.iter().map(|node| self.text_item(node)).collect()
            }
            (Kind::Headers, Node::Mapping(entries)) => self
                .fields(entries)
                .map(|fields| fields.into_iter().map(one_field).collect()),
            (Kind::Bindings, Node::Sequence(nodes)) => {
                nodes.iter().map(|node| self.fields_item(node)).collect()
            }
            (Kind::List | Kind::Headers | Kind::Bindings, _) => None,
        };
        match items {
            Some(items) => {
                self.found
                    .given
                    .insert(setting.key, Given { source, items });
            }
            None => self.wrong(
                setting.key,
                node,
                "has the wrong shape",
                shape(setting.kind),
            ),
        }
    }

    fn text_item(&self, node: &Spanned<Node>) -> Option<Item> {
        Some(Item::text(
            self.places.at(node.referenced),
            scalar(node, self.text)?,
        ))
    }

    fn fields_item(&self, node: &Spanned<Node>) -> Option<Item> {
        let Node::Mapping(entries) = &node.value else {
            return None;
        };
        let source = self.places.at(node.referenced);
        Some(Item {
            source,
            value: Value::Fields(self.fields(entries)?),
        })
    }

    fn fields(&self, entries: &[(Spanned<String>, Spanned<Node>)]) -> Option<Vec<Field>> {
        let field = |(name, node): &(Spanned<String>, Spanned<Node>)| {
            Some(Field {
                source: self.places.at(node.referenced),
                name: name.value.clone(),
                text: scalar(node, self.text)?,
            })
        };
        entries.iter().map(field).collect()
    }

    fn retired(&mut self, retired: &Retired, node: &Spanned<Node>) {
        let source = self.places.at(node.referenced);
        let verdict = match &node.value {
            Node::Null => Ok(retired.notice(source)),
            Node::Sequence(items) if items.is_empty() => Ok(retired.notice(source)),
            Node::Sequence(_) | Node::Mapping(_) => Err(retired.refuse(source)),
            Node::Text(_) | Node::Bool(_) | Node::Number => {
                let text = scalar(node, self.text).unwrap_or_default();
                if text.is_empty() {
                    Ok(retired.notice(source))
                } else {
                    retired.judge(source, &text)
                }
            }
        };
        match verdict {
            Ok(notice) => self.found.notices.push(notice),
            Err(mistake) => self.found.mistakes.push(mistake),
        }
    }

    fn unknown(&mut self, path: &str, key: &Spanned<String>) {
        let source = self.places.at(key.referenced);
        let remedy = format!("keys known here: {}", known_under(path));
        self.push(named(path), source, "has a key that is not known", &remedy);
    }

    fn wrong(&mut self, key: &str, node: &Spanned<Node>, problem: &str, remedy: &str) {
        let source = self.places.at(node.referenced);
        self.push(key, source, problem, remedy);
    }

    fn push(&mut self, key: &str, source: Source, problem: &str, remedy: &str) {
        self.found
            .mistakes
            .push(Mistake::new(key, source, problem, remedy));
    }
}

fn one_field(field: Field) -> Item {
    Item {
        source: field.source.clone(),
        value: Value::Fields(vec![field]),
    }
}
