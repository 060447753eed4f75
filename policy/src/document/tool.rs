//! Tools: the short form `tools = ["a"]` and `[[server.tool]]`.

use std::collections::{BTreeMap, HashMap};

use super::keys;
use super::matchers;
use super::mistake::Mistakes;
use super::pinned::PinLine;
use super::section::{Item, Section};
use super::server::{Deny, Entry};
use crate::matcher::Fields;
use crate::mcp::catalogue::is_tool_name;
use crate::pin::Pin;
use crate::refusal::Line;

/// What is said about one tool.
#[derive(Clone, Debug)]
pub(crate) struct Tool {
    pub(crate) entry: Entry,
    /// The digest its definition must have.
    pub(crate) pin: Option<PinLine>,
    /// How often one principal may call it in a minute.
    pub(crate) calls_per_min: Option<(u32, Line)>,
    /// What its arguments must be; nothing is said about them in the short form.
    pub(crate) arguments: Option<Fields>,
}

/// No principal needs to be allowed more calls of one tool in a minute.
const MOST_CALLS: i64 = 1_000_000;

/// Every tool of a server, in either form, none twice.
pub(super) fn compile(server: Section<'_>, mistakes: &mut Mistakes<'_>) -> BTreeMap<String, Tool> {
    let mut tools = Tools::default();
    let short = server.get("tools").and_then(|item| item.texts(mistakes));
    for (name, at) in short.unwrap_or_default() {
        let tool = Tool::named(mistakes.line(at));
        tools.add(name, at, tool, mistakes);
        mistakes.warn(
            at,
            &format!("the arguments of `{name}` are not looked at"),
            "name them in a `[[server.tool]]`",
        );
    }
    let long = server
        .get("tool")
        .map(|item| item.sections("server.tool", mistakes));
    for section in long.unwrap_or_default() {
        let section = section.closed(&keys::TOOL, keys::home, mistakes);
        let tool = one(section, mistakes);
        if let Some(name) = section.need("name", mistakes)
            && let Some(text) = name.text(mistakes)
        {
            tools.add(text, name.at, tool, mistakes);
        }
    }
    tools.by_name
}

fn one(section: Section<'_>, mistakes: &mut Mistakes<'_>) -> Tool {
    let named = section.get("name").map_or(section.at, |item| item.at);
    let deny = section.get("deny").and_then(|item| deny(item, mistakes));
    if deny.is_some() {
        refuse_rules(section, mistakes);
    }
    let pinned = section.get("pin").and_then(|item| pinned(item, mistakes));
    let arguments = section.get("args").and_then(|item| item.section(mistakes));
    if deny.is_none() {
        warn_unpinned(section, named, mistakes);
    }
    Tool {
        entry: Entry {
            line: mistakes.line(named),
            deny,
        },
        pin: pinned,
        calls_per_min: section
            .get("calls_per_min")
            .and_then(|item| rate(item, mistakes)),
        arguments: Some(arguments.map_or_else(Fields::default, |section| {
            matchers::fields(section, mistakes)
        })),
    }
}

fn warn_unpinned(section: Section<'_>, named: usize, mistakes: &mut Mistakes<'_>) {
    if section.get("pin").is_none() {
        let problem = "this tool is not pinned: its definition may change unnoticed";
        mistakes.warn(
            named,
            problem,
            "add the `pin` of the definition you reviewed",
        );
    }
    if section.get("args").is_none() {
        let problem = "this tool takes no arguments";
        mistakes.warn(
            named,
            problem,
            "name them as in `args.path = { type = \"string\" }`, if it has any",
        );
    }
}

/// A rule beside a denial could never match.
fn refuse_rules(section: Section<'_>, mistakes: &mut Mistakes<'_>) {
    for item in ["pin", "calls_per_min", "args"]
        .iter()
        .filter_map(|key| section.get(key))
    {
        mistakes.add(
            item.at,
            "this can never matter: the tool is denied",
            "remove it, or the `deny`",
        );
    }
}

/// Why something is denied.
pub(super) fn deny(item: Item<'_>, mistakes: &mut Mistakes<'_>) -> Option<Deny> {
    let why = item.text(mistakes)?;
    if why.trim().is_empty() {
        mistakes.add(
            item.at,
            "a denial says why",
            "write the reason, such as a ticket",
        );
    }
    Some(Deny {
        line: item.line(mistakes),
        why: why.to_owned(),
    })
}

/// A digest and where it stands.
pub(super) fn pinned(item: Item<'_>, mistakes: &mut Mistakes<'_>) -> Option<PinLine> {
    Some((pin(item, mistakes)?, item.line(mistakes)))
}

fn pin(item: Item<'_>, mistakes: &mut Mistakes<'_>) -> Option<Pin> {
    let pin = Pin::parse(item.text(mistakes)?);
    if pin.is_none() {
        mistakes.add(
            item.at,
            "this is no pin",
            "write `sha256:` and 64 hexadecimal digits in lower case",
        );
    }
    pin
}

fn rate(item: Item<'_>, mistakes: &mut Mistakes<'_>) -> Option<(u32, Line)> {
    let calls = item.integer(mistakes)?;
    let rate = u32::try_from(calls)
        .ok()
        .filter(|_| (1..=MOST_CALLS).contains(&calls));
    if rate.is_none() {
        let remedy = format!(
            "use 1 to {MOST_CALLS}; zero never means unlimited: to refuse a tool, leave it out or `deny` it"
        );
        mistakes.add(item.at, "this rate is out of range", &remedy);
    }
    Some((rate?, item.line(mistakes)))
}

impl Tool {
    /// A tool that is listed by name alone.
    fn named(line: Line) -> Self {
        Self {
            entry: Entry { line, deny: None },
            pin: None,
            calls_per_min: None,
            arguments: None,
        }
    }
}

/// Tools by name, and what their names look like.
#[derive(Default)]
struct Tools {
    by_name: BTreeMap<String, Tool>,
    by_look: HashMap<String, String>,
}

impl Tools {
    fn add(&mut self, name: &str, at: usize, tool: Tool, mistakes: &mut Mistakes<'_>) {
        if !is_tool_name(name) {
            let remedy = "use the exact name the server lists: 1 to 128 of A-Z a-z 0-9 _ - . /; there are no wildcards";
            mistakes.add(at, "this can never be a tool's name", remedy);
            return;
        }
        if self.by_name.insert(name.to_owned(), tool).is_some() {
            let problem = "this tool is listed already";
            mistakes.add(at, problem, "remove one of the two");
            return;
        }
        if let Some(other) = self.by_look.insert(look(name), name.to_owned()) {
            let problem = format!("`{name}` looks like `{other}`, which is listed too");
            let remedy = "a reviewer cannot tell them apart: remove one, and have the server rename its tool";
            mistakes.add(at, &problem, remedy);
        }
    }
}

/// What a name looks like at a glance: case and the digits that look like letters do not count.
fn look(name: &str) -> String {
    name.chars()
        .map(|letter| match letter.to_ascii_lowercase() {
            '0' => 'o',
            '1' | 'i' => 'l',
            '5' => 's',
            '-' => '_',
            other => other,
        })
        .collect()
}
