//! `portcullis policy pins`: the pins of a policy against what a live server lists. It prints an edit for review and never writes.

use std::collections::BTreeMap;
use std::path::Path;

use clap::ArgMatches;
use portcullis_policy::document::Server;
use portcullis_policy::refusal::Line;
use portcullis_policy::{Found, Pin};

use super::init::shown;
use super::live::{self, Live};
use super::{FAILURE, NO, SUCCESS, Streams, load, path, print};
use crate::config::Environment;
use crate::ops::audit::sha256;

/// Everything pinned is as pinned, and some tools are not pinned.
const UNPINNED: u8 = 3;

/// How one definition stands, worst last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stand {
    Unchanged,
    Unpinned,
    Changed,
}

/// Compares; the exit code tells the worst that was found.
pub(super) fn run(matches: &ArgMatches, env: &Environment, (out, err): Streams<'_>) -> u8 {
    let file = path(matches, "policy");
    let Some(policy) = load(file, err) else {
        return FAILURE;
    };
    let Some(live) = live::survey(matches, env, err) else {
        return FAILURE;
    };
    let Some(server) = policy.server(&live.channel) else {
        let problem = format!(
            "portcullis: `{}` has no `[[server]]` for the channel `{}`",
            file.display(),
            live.channel
        );
        print(err, &problem);
        return FAILURE;
    };
    let listed = listed(&live);
    let mut worst = Stand::Unchanged;
    let mut tell = |(stand, text): (Stand, String)| {
        worst = worst.max(stand);
        print(out, &text);
    };
    if let Some(told) = instructions(file, server, &live) {
        tell(told);
    }
    for (tool, line) in in_order(server) {
        let found = listed.get(tool).copied().unwrap_or(Found::Missing);
        tell(match (server.pinned(tool), found) {
            (Some(pinned), found) => compared(file, tool, "pin", pinned, found),
            (None, Found::Listed(pin)) => unpinned(file, tool, line, pin),
            (None, Found::Missing | Found::AsPinned) => (
                Stand::Changed,
                format!("missing    {tool}: not listed, or listed twice"),
            ),
        });
    }
    for name in listed.keys().filter(|name| !server.rules_tool(name)) {
        print(
            out,
            &format!("unlisted   {}: the policy says nothing of it", shown(name)),
        );
    }
    match worst {
        Stand::Unchanged => SUCCESS,
        Stand::Unpinned => UNPINNED,
        Stand::Changed => NO,
    }
}

/// The server's own instructions; beside pinned tools they should be pinned too.
fn instructions(file: &Path, server: &Server, live: &Live) -> Option<(Stand, String)> {
    let what = "instructions";
    match (server.instructions(), live.instructions()) {
        (Some(pinned), found) => {
            let found = found.map_or(Found::Missing, Found::Listed);
            Some(compared(file, what, what, pinned, found))
        }
        (None, Some(found)) if server.has_pins() => {
            let place = format!("{}:{}", file.display(), server.line().0);
            let edit = format!(
                "unpinned   {what}: review them, then in the `[[server]]`, at {place}\n  + {what} = \"{found}\""
            );
            Some((Stand::Unpinned, edit))
        }
        (None, _) => None,
    }
}

/// Each tool by its name; one that stands twice cannot be called (B4).
fn listed(live: &Live) -> BTreeMap<String, Found> {
    let mut listed = BTreeMap::new();
    for (name, definition) in live.tools() {
        let found = match listed.contains_key(&name) {
            true => Found::Missing,
            false => Found::Listed(Pin::of(definition, sha256)),
        };
        listed.insert(name, found);
    }
    listed
}

fn in_order(server: &Server) -> Vec<(&str, Line)> {
    let mut tools: Vec<(&str, Line)> = server.tools().collect();
    tools.sort_by_key(|(_, line)| line.0);
    tools
}

fn compared(
    file: &Path,
    what: &str,
    key: &str,
    (pinned, line): (Pin, Line),
    found: Found,
) -> (Stand, String) {
    let place = format!("{}:{}", file.display(), line.0);
    match found {
        Found::Listed(pin) if pin == pinned => (Stand::Unchanged, format!("unchanged  {what}")),
        Found::Listed(pin) => (
            Stand::Changed,
            format!(
                "changed    {what}: review it, then at {place}\n  - {key} = \"{pinned}\"\n  + {key} = \"{pin}\""
            ),
        ),
        Found::Missing | Found::AsPinned => (
            Stand::Changed,
            format!("missing    {what}: not listed, or listed twice; it is pinned at {place}"),
        ),
    }
}

fn unpinned(file: &Path, tool: &str, line: Line, pin: Pin) -> (Stand, String) {
    let place = format!("{}:{}", file.display(), line.0);
    let edit = format!(
        "unpinned   {tool}: review it, then in its `[[server.tool]]`, at {place}\n  + pin = \"{pin}\""
    );
    (Stand::Unpinned, edit)
}
