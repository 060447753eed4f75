//! The configuration file: YAML text to the values of settings, with their places.
//!
//! Promises: one document of at most 1 MiB, no anchors, aliases, merge keys, unknown tags or duplicate keys; every key is known; a number is
//! kept as it was written. No message repeats a line, a key that is not ours, or a value of the file.
//! Leaves to others: what the values mean.

mod flatten;
mod keys;
mod tree;

use std::path::Path;

use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Location, Options};

use super::files;
use super::mistake::{Fault, Mistake, Source};
pub(crate) use flatten::FileValues;

const FILE_CAP: u64 = 1024 * 1024;
const DEPTH_CAP: usize = 8;
const NODE_CAP: usize = 20_000;

/// Reads the file. On a broken file the values are empty and there is one mistake.
pub(crate) fn load(path: &Path, named_by: &Source) -> FileValues {
    let place = Places { path };
    let text = match read(path) {
        Ok(text) => text,
        Err(fault) => {
            let mistake = Mistake::new("config", named_by.clone(), fault.problem, fault.remedy);
            return FileValues::broken(mistake);
        }
    };
    match serde_saphyr::from_str_with_options::<serde_saphyr::Spanned<tree::Node>>(&text, options())
    {
        Ok(root) => flatten::flatten(&root, &text, &place),
        Err(error) => FileValues::broken(explain(&error, &place)),
    }
}

/// Turns locations into sources.
pub(crate) struct Places<'a> {
    path: &'a Path,
}

impl Places<'_> {
    pub(crate) fn at(&self, location: Location) -> Source {
        Source::File {
            path: self.path.to_owned(),
            line: location.line(),
            column: location.column(),
        }
    }
}

fn read(path: &Path) -> Result<zeroize::Zeroizing<String>, Fault> {
    let bytes = files::read(path, &format!("the file `{}`", path.display()), FILE_CAP)?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(zeroize::Zeroizing::new(text.to_owned())),
        Err(_) => Err(Fault::new(
            "the configuration file is not UTF-8 text",
            "save it as UTF-8",
        )),
    }
}

fn options() -> Options {
    serde_saphyr::options! {
        with_snippet: false,
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        reject_unsupported_tags: true,
        budget: serde_saphyr::budget! {
            max_anchors: 0,
            max_aliases: 0,
            // The reader itself refuses a second document, with a better message.
            max_documents: 2,
            max_depth: DEPTH_CAP,
            flow_nesting_limit: DEPTH_CAP,
            max_nodes: NODE_CAP,
            max_events: NODE_CAP * 3,
            max_inclusion_depth: 0,
            max_merge_keys: 0,
        },
    }
}

/// The library's own text may repeat keys and values, so only its kind and place are used.
fn explain(error: &serde_saphyr::Error, place: &Places<'_>) -> Mistake {
    let (problem, remedy) = wording(error);
    let location = error.location().unwrap_or(Location::UNKNOWN);
    Mistake::new("config", place.at(location), problem, remedy)
}

fn wording(error: &serde_saphyr::Error) -> (&'static str, &'static str) {
    use serde_saphyr::Error as E;
    if let E::Budget { breach, .. } = error {
        return budget_wording(breach);
    }
    if matches!(error, E::DuplicateMappingKey { .. }) {
        ("a key is given twice", "keep one of them")
    } else if matches!(error, E::MultipleDocuments { .. }) {
        (
            "there is more than one YAML document",
            "remove the line `---` and what follows",
        )
    } else if matches!(error, E::MergeKeyNotAllowed { .. }) {
        ("merge keys (`<<`) are not accepted", "write the keys out")
    } else if matches!(error, E::UnsupportedTag { .. }) {
        ("tags (`!name`) are not accepted", "remove the tag")
    } else {
        (
            "is not valid YAML here, or nested too deep",
            "check indentation, quotes, brackets and colons at this place",
        )
    }
}

fn budget_wording(breach: &BudgetBreach) -> (&'static str, &'static str) {
    if matches!(
        breach,
        BudgetBreach::Anchors { .. } | BudgetBreach::Aliases { .. }
    ) {
        (
            "anchors and aliases (`&`, `*`) are not accepted",
            "write the value out",
        )
    } else {
        (
            "is nested too deep or has too many values",
            "a configuration needs neither; name the right file",
        )
    }
}
