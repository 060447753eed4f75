//! `[[never]]`: what no rule may allow, whoever edits the file later. Checked when the policy is loaded.

use std::collections::HashMap;

use super::keys;
use super::mistake::Mistakes;
use super::question::Question;
use super::section::{Item, Section};
use super::server::{self, Server};
use crate::channel::Channel;
use crate::decide::{Decision, Definition, is_listed, is_prompt_listed};
use crate::mcp::catalogue::{self, Class};
use crate::mcp::uri::Subtree;

/// Checks every assertion of the file; each that does not hold is a mistake.
pub(super) fn check(
    file: Section<'_>,
    servers: &HashMap<Channel, Server>,
    mistakes: &mut Mistakes<'_>,
) {
    let sections = file
        .get("never")
        .map(|item| item.sections("never", mistakes))
        .unwrap_or_default();
    for section in sections {
        let section = section.closed(&keys::NEVER, keys::top, mistakes);
        section
            .need("why", mistakes)
            .and_then(|item| item.text(mistakes));
        let about = section
            .get("channel")
            .and_then(|item| server::channel(item, mistakes));
        let Some((item, never)) = Never::compile(section, mistakes) else {
            continue;
        };
        let concerned = servers
            .iter()
            .filter(|(channel, _)| about.as_ref().is_none_or(|about| about == *channel));
        let mut allowing: Vec<&str> = concerned
            .filter(|(_, server)| never.is_broken_by(server))
            .map(|(channel, _)| channel.as_str())
            .collect();
        allowing.sort_unstable();
        if let Some(channel) = allowing.first() {
            let problem =
                format!("a rule of the channel `{channel}` allows what may never be allowed");
            let remedy = "remove the rule, or add a `deny`; while a server is on trial (`observe_until`) only a `deny` holds";
            mistakes.add(item.at, &problem, remedy);
        }
    }
}

/// What may never be allowed.
enum Never<'t> {
    Tool(&'t str),
    Prompt(&'t str),
    Method(Class, &'static str),
    Resource(Subtree),
    Call(Question, &'t str),
}

impl<'t> Never<'t> {
    fn compile(section: Section<'t>, mistakes: &mut Mistakes<'_>) -> Option<(Item<'t>, Self)> {
        let forms = ["tool", "prompt", "method", "read", "call"];
        let given: Vec<(&str, Item<'t>)> = forms
            .iter()
            .filter_map(|form| Some((*form, section.get(form)?)))
            .collect();
        let [(form, item)] = given.as_slice() else {
            let remedy = "write one of `tool`, `call`, `read`, `prompt` and `method`";
            mistakes.add(
                section.at,
                "this forbids nothing, or more than one thing",
                remedy,
            );
            return None;
        };
        let never = match *form {
            "tool" => Self::Tool(item.text(mistakes)?),
            "prompt" => Self::Prompt(item.text(mistakes)?),
            "method" => Self::method(*item, mistakes)?,
            "read" => Self::resource(*item, mistakes)?,
            _ => {
                let question = Question::compile(section, mistakes)?;
                let tool = item.section(mistakes)?.get("tool")?.text(mistakes)?;
                Self::Call(question, tool)
            }
        };
        Some((*item, never))
    }

    fn method(item: Item<'_>, mistakes: &mut Mistakes<'_>) -> Option<Self> {
        let method = catalogue::caller(item.text(mistakes)?)
            .filter(|method| !matches!(method.class, Class::Lifecycle | Class::Cancel));
        if method.is_none() {
            let problem = "this is no method that a rule could allow";
            mistakes.add(item.at, problem, "write it as in \"completion/complete\"");
        }
        method.map(|method| Self::Method(method.class, method.name))
    }

    fn resource(item: Item<'_>, mistakes: &mut Mistakes<'_>) -> Option<Self> {
        let subtree = item
            .text(mistakes)?
            .split_once(':')
            .and_then(|(scheme, under)| Subtree::new(scheme, under));
        if subtree.is_none() {
            let remedy = "write a URI in one plain spelling, as in \"file:///etc\"; what is below it is meant too";
            mistakes.add(item.at, "no resource can ever match this", remedy);
        }
        subtree.map(Self::Resource)
    }

    fn is_broken_by(&self, server: &Server) -> bool {
        let on_trial = server.observe_until().is_some();
        match self {
            Self::Tool(name) => {
                is_listed(server, name, Definition::AsPinned)
                    || (on_trial && !is_denied(server, name))
            }
            Self::Prompt(name) => {
                let denied = server
                    .prompt(name)
                    .is_some_and(|entry| entry.deny.is_some());
                is_prompt_listed(server, name) || (on_trial && !denied)
            }
            Self::Method(class, name) => {
                allows_method(server, *class, name) || (on_trial && *class != Class::Unlisted)
            }
            Self::Resource(subtree) => {
                meets(server, subtree) || (on_trial && !covers(server, subtree))
            }
            Self::Call(question, tool) => {
                matches!(question.decide(server), Decision::Permitted(_))
                    || (on_trial && !is_denied(server, tool))
            }
        }
    }
}

fn is_denied(server: &Server, tool: &str) -> bool {
    server
        .rule(tool)
        .is_some_and(|rule| rule.entry.deny.is_some())
}

fn allows_method(server: &Server, class: Class, name: &str) -> bool {
    match class {
        Class::Lifecycle | Class::Cancel => true,
        Class::ToolListing | Class::ToolCall => server.tools().next().is_some(),
        Class::ResourceListing | Class::ResourceRead => server.first_resource().is_some(),
        Class::PromptListing | Class::PromptGet => server.first_prompt().is_some(),
        Class::Named(_) => server.method(name).is_some(),
        Class::Unlisted => false,
    }
}

/// Whether some rule allows something in a subtree that no denial covers.
fn meets(server: &Server, subtree: &Subtree) -> bool {
    let allowed = server
        .resources()
        .iter()
        .filter(|rule| rule.entry.deny.is_none());
    allowed
        .map(|rule| &rule.subtree)
        .filter(|rule| rule.meets(subtree))
        .any(|rule| {
            let common = if rule.is_within(subtree) {
                rule
            } else {
                subtree
            };
            !covers(server, common)
        })
}

fn covers(server: &Server, subtree: &Subtree) -> bool {
    let mut denied = server
        .resources()
        .iter()
        .filter(|rule| rule.entry.deny.is_some());
    denied.any(|rule| subtree.is_within(&rule.subtree))
}
