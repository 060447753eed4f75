//! `[[test]]`: what the policy must say to a call. A test that fails keeps the policy from being loaded.

use std::collections::HashMap;

use super::audit::choose;
use super::keys;
use super::mistake::Mistakes;
use super::question::Question;
use super::section::Section;
use super::server::{self, Server};
use crate::channel::Channel;
use crate::decide::Decision;

/// What became of one `[[test]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// What the test is called.
    pub name: String,
    /// The line it begins at.
    pub line: u32,
    /// What the rules say, in words: `allow`, or `deny` with the reason and the line.
    pub found: String,
    /// Whether that is what the test expects.
    pub passed: bool,
}

/// Runs every test of the file; each that fails is a mistake.
pub(super) fn run(
    file: Section<'_>,
    servers: &HashMap<Channel, Server>,
    mistakes: &mut Mistakes<'_>,
) -> Vec<TestResult> {
    let sections = file
        .get("test")
        .map(|item| item.sections("test", mistakes))
        .unwrap_or_default();
    sections
        .into_iter()
        .filter_map(|section| one(section, servers, mistakes))
        .collect()
}

fn one(
    section: Section<'_>,
    servers: &HashMap<Channel, Server>,
    mistakes: &mut Mistakes<'_>,
) -> Option<TestResult> {
    let section = section.closed(&keys::TEST, keys::top, mistakes);
    let name = section.need("name", mistakes)?.text(mistakes)?;
    let expect = section.need("expect", mistakes)?;
    let allowed = choose(Some(expect), &[("allow", true), ("deny", false)], mistakes)?;
    let reason = section.get("reason").and_then(|item| item.text(mistakes));
    if let (true, Some(item)) = (allowed, section.get("reason")) {
        mistakes.add(item.at, "what is allowed has no reason", "remove `reason`");
    }
    let question = Question::compile(section, mistakes)?;
    let server = whose(section, servers, mistakes)?;
    let decision = question.decide(server);
    let passed = match decision {
        Decision::Permitted(_) => allowed,
        Decision::Refused(found, _) => {
            !allowed && reason.is_none_or(|reason| reason == found.label())
        }
    };
    let found = in_words(decision);
    if !passed {
        let problem = format!("the test `{name}` fails: the rules say {found}");
        mistakes.add(
            expect.at,
            &problem,
            "mend the rule, or what the test expects",
        );
    }
    let line = mistakes.line(section.at).0;
    Some(TestResult {
        name: name.to_owned(),
        line,
        found,
        passed,
    })
}

/// The server a test is about: the one it names, or the only one.
fn whose<'s>(
    section: Section<'_>,
    servers: &'s HashMap<Channel, Server>,
    mistakes: &mut Mistakes<'_>,
) -> Option<&'s Server> {
    let Some(item) = section.get("channel") else {
        let mut all = servers.values();
        let only = all.next().filter(|_| all.next().is_none());
        if only.is_none() {
            mistakes.add(
                section.at,
                "missing field `channel`",
                "name the channel of the server that is meant",
            );
        }
        return only;
    };
    let server = servers.get(&server::channel(item, mistakes)?);
    if server.is_none() {
        mistakes.add(
            item.at,
            "no `[[server]]` has this channel",
            "name one that is listed",
        );
    }
    server
}

/// A decision as people are told of it.
pub(super) fn in_words(decision: Decision) -> String {
    match decision {
        Decision::Permitted(line) => format!("allow, by line {}", line.0),
        Decision::Refused(reason, Some(line)) => {
            format!("deny ({}), by line {}", reason.label(), line.0)
        }
        Decision::Refused(reason, None) => format!("deny ({}), by no line", reason.label()),
    }
}
