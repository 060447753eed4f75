//! The lists of a server: revisions, methods, notifications, headers. Each is closed: a name that can never match is a mistake.

use std::collections::BTreeMap;

use super::mistake::Mistakes;
use super::section::{Item, listed};
use crate::headers;
use crate::mcp::catalogue::{self, Class, SERVER_MAY_SEND};
use crate::mcp::revision::Revision;
use crate::refusal::Line;

/// The revisions a server may be spoken to in.
pub(super) fn revisions(item: Option<Item<'_>>, mistakes: &mut Mistakes<'_>) -> Vec<Revision> {
    let mut revisions = Vec::new();
    for (name, at) in names(item, mistakes) {
        match Revision::parse(name) {
            Some(revision) => revisions.push(revision),
            None => {
                let known = Revision::ALL.map(|(_, name)| name);
                let remedy = format!("use one of {}", listed(&known));
                mistakes.add(at, "this is no revision of MCP", &remedy);
            }
        }
    }
    // Their order says nothing, so it is none: two files that differ in it are the same policy.
    revisions.sort_unstable();
    revisions
}

/// The methods that need a line of their own.
pub(super) fn methods(
    item: Option<Item<'_>>,
    mistakes: &mut Mistakes<'_>,
) -> BTreeMap<&'static str, Line> {
    let mut methods = BTreeMap::new();
    for (name, at) in names(item, mistakes) {
        match catalogue::caller(name) {
            Some(method) if matches!(method.class, Class::Named(_)) => {
                methods.insert(method.name, mistakes.line(at));
            }
            Some(method) => {
                mistakes.add(at, "this method cannot stand here", why_not(method.class))
            }
            None => {
                let known: Vec<&str> = catalogue::nameable().map(|method| method.name).collect();
                let remedy = format!("use one of {}", listed(&known));
                mistakes.add(at, "this is no method of MCP", &remedy);
            }
        }
    }
    check_tasks(item, &methods, mistakes);
    methods
}

/// What becomes of tasks can be asked where calls may become tasks.
fn check_tasks(
    item: Option<Item<'_>>,
    methods: &BTreeMap<&'static str, Line>,
    mistakes: &mut Mistakes<'_>,
) {
    let about_tasks = methods.keys().any(|name| name.starts_with("tasks/"));
    if let Some(item) = item.filter(|_| about_tasks && !methods.contains_key("tasks/get")) {
        let problem = "this can never match: no call may become a task";
        mistakes.add(item.at, problem, "list `tasks/get` too");
    }
}

const fn why_not(class: Class) -> &'static str {
    match class {
        Class::Lifecycle | Class::Cancel => "remove it: every listed server may be asked it",
        Class::ToolListing | Class::ToolCall => "remove it: listing a tool allows it",
        Class::ResourceListing | Class::ResourceRead => {
            "remove it: a `[[server.resource]]` allows it"
        }
        Class::PromptListing | Class::PromptGet => "remove it: a `[[server.prompt]]` allows it",
        Class::Named(_) => "name it once",
        Class::Unlisted => "remove it: it answers a question of the server, and none is passed on",
    }
}

/// The notifications a server may send besides progress.
pub(super) fn server_may_send(
    item: Option<Item<'_>>,
    mistakes: &mut Mistakes<'_>,
) -> Vec<&'static str> {
    let mut allowed = Vec::new();
    for (name, at) in names(item, mistakes) {
        match SERVER_MAY_SEND.into_iter().find(|known| *known == name) {
            Some(known) => allowed.push(known),
            None if name == catalogue::PROGRESS => {
                let remedy = "remove it: the progress of a call is part of the call";
                mistakes.add(at, "this may always be sent", remedy);
            }
            None => {
                let remedy = format!("use one of {}", listed(&SERVER_MAY_SEND));
                mistakes.add(at, "a server cannot be allowed to send this", &remedy);
            }
        }
    }
    allowed
}

/// Request headers that may cross besides the fixed ones.
pub(super) fn forward_headers(item: Option<Item<'_>>, mistakes: &mut Mistakes<'_>) -> Vec<String> {
    let mut allowed = Vec::new();
    for (name, at) in names(item, mistakes) {
        if !headers::is_lower_case_token(name) {
            let remedy = "write it as in `x-tenant`";
            mistakes.add(at, "this is no header name in lower case", remedy);
        } else if headers::is_reserved(name) {
            let problem = "this header is always forwarded or never";
            mistakes.add(at, problem, "remove it");
        } else {
            allowed.push(name.to_owned());
        }
    }
    allowed
}

/// The texts of a list, none of them twice.
pub(super) fn names<'t>(
    item: Option<Item<'t>>,
    mistakes: &mut Mistakes<'_>,
) -> Vec<(&'t str, usize)> {
    let mut names: Vec<(&str, usize)> = Vec::new();
    for (name, at) in item
        .and_then(|item| item.texts(mistakes))
        .unwrap_or_default()
    {
        if names.iter().any(|(known, _)| *known == name) {
            mistakes.add(
                at,
                &format!("`{name}` is listed already"),
                "remove one of the two",
            );
        } else {
            names.push((name, at));
        }
    }
    names
}
