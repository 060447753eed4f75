//! One value per setting: flag before environment before file before default.
//!
//! Promises: the highest source that gave a value wins whole; lists and headers are never merged. A variable that is present but empty is a
//! mistake unless a flag makes it irrelevant, because it would silently hide the value of the file.
//! Leaves to others: what the values mean.

use std::mem::take;
use std::path::Path;

use clap::ArgMatches;

use super::env::Environment;
use super::flags;
use super::given::{Given, Item, Value};
use super::mistake::{Fault, Mistake, Notice, Source};
use super::table::{CONFIG_FILE, Kind, Setting};
use super::yaml::{self, FileValues};

/// The three sources together.
pub(crate) struct Sources<'a> {
    matches: &'a ArgMatches,
    env: &'a Environment,
    file: FileValues,
}

impl<'a> Sources<'a> {
    /// Finds the file through its flag or variable and reads it.
    pub(crate) fn open(matches: &'a ArgMatches, env: &'a Environment) -> Self {
        let file = FileValues::default();
        let mut sources = Self { matches, env, file };
        sources.file = match sources.find(&CONFIG_FILE) {
            Ok(Some(given)) => read_file(&given),
            Ok(None) => FileValues::default(),
            Err(mistake) => FileValues::broken(mistake),
        };
        sources
    }

    /// What was found wrong or without effect while the file was read.
    pub(crate) fn take_found(&mut self) -> (Vec<Mistake>, Vec<Notice>) {
        (take(&mut self.file.mistakes), take(&mut self.file.notices))
    }

    /// Whether the file could not be read.
    pub(crate) fn file_is_unreadable(&self) -> bool {
        self.file.unreadable
    }

    /// The environment, for references.
    pub(crate) fn env(&self) -> &Environment {
        self.env
    }

    /// The winning value, without the default.
    pub(crate) fn find(&self, setting: &'static Setting) -> Result<Option<Given>, Mistake> {
        if let Some(given) = self.in_flags(setting)? {
            return Ok(Some(given));
        }
        if let Some(given) = self.in_env(setting)? {
            return Ok(Some(given));
        }
        Ok(self.file.given.get(setting.key).cloned())
    }

    fn in_flags(&self, setting: &'static Setting) -> Result<Option<Given>, Mistake> {
        let Some((source, words)) = flags::given(self.matches, setting) else {
            return Ok(None);
        };
        if words.len() > 1 && !flags::repeats(setting.kind) {
            return Err(Mistake::new(
                setting.key,
                source,
                "is given more than once",
                "give it once",
            ));
        }
        let texts = words
            .into_iter()
            .map(|word| word.into_string().map_err(|_| not_utf8(setting, &source)));
        let items = texts
            .map(|text| Ok(Item::text(source.clone(), text?)))
            .collect::<Result<_, Mistake>>()?;
        Ok(Some(Given { source, items }))
    }

    fn in_env(&self, setting: &'static Setting) -> Result<Option<Given>, Mistake> {
        let Some(value) = self.env.get(setting.env) else {
            return Ok(None);
        };
        let source = Source::Environment(setting.env.to_owned());
        let text = value
            .into_string()
            .map_err(|_| not_utf8(setting, &source))?;
        if text.trim().is_empty() {
            let fault = Fault::new(
                "is set but empty",
                format!("unset {}, or give it a value", setting.env),
            );
            return Err(Mistake::new(
                setting.key,
                source,
                fault.problem,
                fault.remedy,
            ));
        }
        let items = split(setting.kind, &text)
            .map(|part| Item::text(source.clone(), part.to_owned()))
            .collect();
        Ok(Some(Given { source, items }))
    }
}

/// The elements of a variable.
fn split(kind: Kind, text: &str) -> impl Iterator<Item = &str> {
    let (separators, keep_blank): (&[char], bool) = match kind {
        Kind::Single(_) => (&[], true),
        Kind::List => (&[','], true),
        Kind::Headers => (&[',', ';'], false),
        Kind::Bindings => (&['\n'], false),
    };
    text.split(separators)
        .filter(move |part| keep_blank || !part.trim().is_empty())
}

fn not_utf8(setting: &Setting, source: &Source) -> Mistake {
    Mistake::new(
        setting.key,
        source.clone(),
        "is not UTF-8 text",
        "write it as UTF-8",
    )
}

fn read_file(given: &Given) -> FileValues {
    match given.items.first().map(|item| &item.value) {
        Some(Value::Text(path)) if !path.trim().is_empty() => {
            yaml::load(Path::new(path), &given.source)
        }
        _ => FileValues::broken(Mistake::new(
            CONFIG_FILE.key,
            given.source.clone(),
            "is empty",
            "name a file, or leave the setting out",
        )),
    }
}
