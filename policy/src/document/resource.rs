//! `[[server.resource]]` and `[[server.prompt]]`.

use std::collections::BTreeMap;

use super::keys;
use super::mistake::Mistakes;
use super::section::Section;
use super::server::{Entry, Resource};
use super::tool::deny;
use crate::mcp::catalogue::is_tool_name;
use crate::mcp::uri::Subtree;

/// Every resource rule of a server.
pub(super) fn compile(server: Section<'_>, mistakes: &mut Mistakes<'_>) -> Vec<Resource> {
    let sections = server
        .get("resource")
        .map(|item| item.sections("server.resource", mistakes));
    let mut rules: Vec<Resource> = Vec::new();
    for section in sections.unwrap_or_default() {
        let section = section.closed(&keys::RESOURCE, keys::home, mistakes);
        let Some(rule) = one(section, mistakes) else {
            continue;
        };
        if rules.iter().any(|other| other.subtree == rule.subtree) {
            mistakes.add(
                section.at,
                "this resource is listed already",
                "remove one of the two",
            );
        }
        rules.push(rule);
    }
    rules
}

fn one(section: Section<'_>, mistakes: &mut Mistakes<'_>) -> Option<Resource> {
    let (scheme, under) = (
        section.need("scheme", mistakes),
        section.need("under", mistakes),
    );
    let deny = section.get("deny").and_then(|item| deny(item, mistakes));
    let (scheme, under) = (scheme?, under?);
    let (name, below) = (scheme.text(mistakes)?, under.text(mistakes)?);
    let subtree = Subtree::new(name, below);
    if subtree.is_none() {
        let remedy = "write what follows `scheme:` in one plain spelling, as in \"/srv/public\" or \"//host/public\"; no `..`, no slash at the end, and the scheme in lower case";
        mistakes.add(under.at, "no resource can ever match this", remedy);
    }
    let line = mistakes.line(scheme.at);
    Some(Resource {
        entry: Entry { line, deny },
        subtree: subtree?,
    })
}

/// Every prompt of a server by its name.
pub(super) fn prompts(server: Section<'_>, mistakes: &mut Mistakes<'_>) -> BTreeMap<String, Entry> {
    let sections = server
        .get("prompt")
        .map(|item| item.sections("server.prompt", mistakes));
    let mut prompts = BTreeMap::new();
    for section in sections.unwrap_or_default() {
        let section = section.closed(&keys::PROMPT, keys::home, mistakes);
        let deny = section.get("deny").and_then(|item| deny(item, mistakes));
        let Some(item) = section.need("name", mistakes) else {
            continue;
        };
        let Some(name) = item.text(mistakes) else {
            continue;
        };
        let line = item.line(mistakes);
        if !is_tool_name(name) {
            let remedy = "use the exact name the server lists: 1 to 128 of A-Z a-z 0-9 _ - . /; there are no wildcards";
            mistakes.add(item.at, "this can never be a prompt's name", remedy);
        } else if prompts
            .insert(name.to_owned(), Entry { line, deny })
            .is_some()
        {
            mistakes.add(
                item.at,
                "this prompt is listed already",
                "remove one of the two",
            );
        }
    }
    prompts
}
