//! `env:NAME` and `file:/path`: values that stand elsewhere.
//!
//! Promises: what a reference points at is never part of a message. Prefixes are read in any case, as the reference client reads them.
//! Leaves to others: secrets (`secret`).

use std::ffi::OsString;
use std::path::Path;

use super::env::{Environment, is_name};
use super::files;
use super::mistake::Fault;

const FILE_CAP: u64 = 64 * 1024;

/// A text split at its prefix.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reference<'a> {
    /// The name of a variable.
    Env(&'a str),
    /// A path.
    File(&'a str),
    /// Not a reference.
    Literal(&'a str),
}

/// Splits a text at its prefix.
pub(crate) fn split(text: &str) -> Reference<'_> {
    match text.split_once(':') {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("env") => Reference::Env(rest.trim()),
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("file") => Reference::File(rest.trim()),
        Some(_) | None => Reference::Literal(text),
    }
}

/// A value-type setting of the file: the variable's value or the file's content, trimmed.
pub(crate) fn text(text: String, env: &Environment) -> Result<String, Fault> {
    match split(&text) {
        Reference::Literal(_) => Ok(text),
        Reference::Env(name) => Ok(variable(name, env)?.trim().to_owned()),
        Reference::File(path) => content(path),
    }
}

/// A path-type setting: `env:` names a variable that holds the path, `file:` is followed by the path itself.
pub(crate) fn path(text: &str, env: &Environment) -> Result<String, Fault> {
    let path = match split(text) {
        Reference::Literal(path) | Reference::File(path) => path.to_owned(),
        Reference::Env(name) => variable(name, env)?,
    };
    check_path(&path)?;
    Ok(path)
}

/// The value of the variable a reference names.
pub(crate) fn variable(name: &str, env: &Environment) -> Result<String, Fault> {
    if !is_name(name) {
        return Err(Fault::new(
            "`env:` is not followed by the name of an environment variable",
            "write `env:NAME`; the value itself never belongs here",
        ));
    }
    let value = env.get(name).map(OsString::into_string);
    match value {
        Some(Ok(value)) if !value.is_empty() => Ok(value),
        Some(Ok(_)) => Err(absent(name, "is empty")),
        Some(Err(_)) => Err(absent(name, "is not UTF-8 text")),
        None => Err(absent(name, "is not set")),
    }
}

fn absent(name: &str, what: &str) -> Fault {
    Fault::new(
        format!("refers to {}, which {what}", variable_named(name)),
        "set the variable, or correct its name",
    )
}

/// A name is repeated only in the usual capitals: anything else might be a secret pasted after `env:`.
fn variable_named(name: &str) -> String {
    if name.len() <= 64
        && name
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    {
        format!("the environment variable {name}")
    } else {
        "an environment variable".to_owned()
    }
}

fn content(path: &str) -> Result<String, Fault> {
    check_path(path)?;
    let bytes = files::read(Path::new(path), &file_named(path), FILE_CAP)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        Fault::new(
            format!("{} is not UTF-8 text", file_named(path)),
            "save it as UTF-8",
        )
    })?;
    Ok(text.trim().to_owned())
}

/// How a message names a file: by its path if it is written as one, since anything else might be a secret pasted there.
pub(crate) fn file_named(path: &str) -> String {
    let is_path = ["/", "./", "../"]
        .iter()
        .any(|start| path.starts_with(start));
    if is_path {
        format!("the file `{path}`")
    } else {
        "the file it names".to_owned()
    }
}

/// Refuses what cannot be meant as a path.
pub(crate) fn check_path(path: &str) -> Result<(), Fault> {
    if path.trim().is_empty() {
        return Err(Fault::new("names no path", "write the path of a file"));
    }
    if path.contains("-----BEGIN") {
        return Err(Fault::new(
            "holds the text of a PEM file instead of its path",
            "save the text in a file and name that file",
        ));
    }
    if path.chars().any(char::is_control) {
        return Err(Fault::new(
            "is not a path: it has control characters",
            "write the path of a file on one line",
        ));
    }
    Ok(())
}
