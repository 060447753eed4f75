//! Rules for text.

use super::audit::choose;
use super::lists::names;
use super::matchers::count;
use super::mistake::Mistakes;
use super::section::{Item, Section};
use crate::matcher::{ArgumentFault, Charset, Format, Hosts, PathRoot, Pattern, Text};
use crate::mcp::uri::is_scheme;

/// What a text must be.
pub(super) fn compile(section: Section<'_>, named: usize, mistakes: &mut Mistakes<'_>) -> Text {
    let owned =
        |list: Vec<(&str, usize)>| list.iter().map(|(name, _)| (*name).to_owned()).collect();
    let text = Text {
        equals: text(section, "equals", mistakes),
        one_of: section
            .get("one_of")
            .map(|item| owned(names(Some(item), mistakes))),
        prefix: text(section, "prefix", mistakes),
        suffix: text(section, "suffix", mistakes),
        min_bytes: section
            .get("min_bytes")
            .and_then(|item| count(item, mistakes)),
        max_bytes: section
            .get("max_bytes")
            .and_then(|item| count(item, mistakes)),
        charset: choose(section.get("charset"), &Charset::ALL, mistakes),
        format: choose(section.get("format"), &Format::ALL, mistakes),
        path_under: section
            .get("path_under")
            .and_then(|item| path_root(item, mistakes)),
        host_in: hosts(section, mistakes),
        pattern: section
            .get("pattern")
            .and_then(|item| pattern(item, mistakes)),
    };
    check(section, &text, mistakes);
    if !text.is_bounded() {
        mistakes.warn(
            named,
            "this text may be of any length",
            "add `max_bytes`, `one_of`, `equals` or `format`",
        );
    }
    text
}

fn text(section: Section<'_>, key: &str, mistakes: &mut Mistakes<'_>) -> Option<String> {
    let item = section.get(key)?;
    let text = item.text(mistakes)?;
    if text.is_empty() && key != "equals" {
        mistakes.add(item.at, "every text matches this", "remove it");
    }
    Some(text.to_owned())
}

fn path_root(item: Item<'_>, mistakes: &mut Mistakes<'_>) -> Option<PathRoot> {
    let root = PathRoot::new(item.text(mistakes)?);
    if root.is_none() {
        let remedy = "write an absolute path in one plain spelling, without `..` and without a slash at the end";
        mistakes.add(item.at, "no path can ever be below this", remedy);
    }
    root
}

fn hosts(section: Section<'_>, mistakes: &mut Mistakes<'_>) -> Option<Hosts> {
    let schemes = section.get("schemes");
    let Some(item) = section.get("host_in") else {
        if let Some(item) = schemes {
            mistakes.add(
                item.at,
                "`schemes` says nothing without `host_in`",
                "add `host_in`, or remove it",
            );
        }
        return None;
    };
    let mut listed = Vec::new();
    for (host, at) in names(Some(item), mistakes) {
        if !Hosts::is_host(host) {
            let remedy = "write a name in lower case as in \"docs.example.com\", with `:port` if it is not the scheme's own";
            mistakes.add(at, "no URL can ever have this host", remedy);
        }
        listed.push(host.to_owned());
    }
    let mut allowed = Vec::new();
    for (scheme, at) in names(schemes, mistakes) {
        if !is_scheme(scheme) {
            mistakes.add(
                at,
                "this is no scheme in lower case",
                "write it as in \"https\"",
            );
        }
        allowed.push(scheme.to_owned());
    }
    if schemes.is_none() {
        allowed.push("https".to_owned());
    }
    Some(Hosts::new(listed, allowed))
}

fn pattern(item: Item<'_>, mistakes: &mut Mistakes<'_>) -> Option<Pattern> {
    match Pattern::compile(item.text(mistakes)?) {
        Ok(pattern) => Some(pattern),
        Err((problem, remedy)) => {
            mistakes.add(item.at, problem, remedy);
            None
        }
    }
}

/// Rules that no text can keep together.
fn check(section: Section<'_>, text: &Text, mistakes: &mut Mistakes<'_>) {
    if let (Some(least), Some(most), Some(item)) =
        (text.min_bytes, text.max_bytes, section.get("max_bytes"))
        && least > most
    {
        mistakes.add(
            item.at,
            "no text can match: `max_bytes` is below `min_bytes`",
            "exchange the two",
        );
    }
    for key in ["prefix", "suffix"] {
        let written = section
            .get(key)
            .and_then(|item| Some((item.at, item.value().as_str()?.len())));
        if let (Some((at, length)), Some(most)) = (written, text.max_bytes)
            && length > most
        {
            mistakes.add(
                at,
                "no text can match: this is longer than `max_bytes`",
                "shorten it",
            );
        }
    }
    let listed = text.one_of.iter().flatten().zip(texts(section, "one_of"));
    let equals = text.equals.iter().zip(texts(section, "equals"));
    for (value, at) in listed.chain(equals) {
        if let Err(fault) = text.judge(value) {
            let rule = ArgumentFault::label(fault).trim_start_matches("argument.");
            mistakes.add(
                at,
                &format!("this value can never match: `{rule}` refuses it"),
                "remove it, or the rule",
            );
        }
    }
}

/// Where each text of a key stands.
fn texts(section: Section<'_>, key: &str) -> Vec<usize> {
    let Some(item) = section.get(key) else {
        return Vec::new();
    };
    item.places()
}
