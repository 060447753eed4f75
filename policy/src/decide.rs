//! The combining rule.
//!
//! Every rule of the policy that has something to say about an ask gives one vote. A forbid wins whatever the order; without a permit
//! the answer is no (INVARIANT 3, INVARIANT 4). There are no priorities, no defaults to switch and no cache.
//!
//! Listings ask the same code whether a name may be seen: it may when some call of it could be permitted (PF7).

mod bound;

pub use crate::ask::{Ask, Cursor, Definition, Earlier, Listens, Refers};
use crate::document::{Entry, Server, Tool};
use crate::gate::Kept;
use crate::matcher::ArgumentFault;
use crate::mcp::catalogue::{Class, Selector, is_tool_name};
use crate::mcp::uri::Uri;
use crate::refusal::{Line, Reason};

/// One rule's say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vote {
    /// Not allowed, for this reason, by this line if a line says so.
    Forbid(Reason, Option<Line>),
    /// Allowed by this line.
    Permit(Line),
}

/// The outcome of all votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Allowed by this line.
    Permitted(Line),
    /// Not allowed, for this reason.
    Refused(Reason, Option<Line>),
}

/// Combines votes: the first forbid in reading order names the reason, else the first permit names the line, else `unlisted` is the reason.
///
/// Whether the outcome is a permit does not depend on the order.
pub fn combine(votes: impl IntoIterator<Item = Vote>, unlisted: Reason) -> Decision {
    let mut decision = Decision::Refused(unlisted, None);
    for vote in votes {
        match (vote, decision) {
            (Vote::Forbid(reason, line), _) => return Decision::Refused(reason, line),
            (Vote::Permit(line), Decision::Refused(..)) => decision = Decision::Permitted(line),
            (Vote::Permit(_), Decision::Permitted(_)) => {}
        }
    }
    decision
}

/// Decides one ask against one server's rules.
#[must_use]
pub fn decide(server: &Server, ask: &Ask, definition: Definition) -> Decision {
    let permit = |lines: Option<Line>| combine(lines.map(Vote::Permit), Reason::MethodNotListed);
    match ask.method.class {
        Class::Lifecycle | Class::Cancel => permit(Some(server.line())),
        Class::ToolListing => permit(server.tools().next().map(|(_, line)| line)),
        Class::ToolCall => tool_call(server, ask, definition),
        Class::ResourceListing => permit(server.first_resource()),
        Class::ResourceRead => resource(server, ask.uri.as_deref(), extensions(server, ask)),
        Class::PromptListing => permit(server.first_prompt()),
        Class::PromptGet => prompt(server, ask.prompt.as_deref(), extensions(server, ask)),
        Class::Named(selector) => named(server, ask, selector, definition),
        Class::Unlisted => permit(None),
    }
}

/// What a call may ask for beside its target: a task, once `methods` lets tasks be asked for; to be tried again with a state that was given for
/// it. No question of a server is passed on, so nothing is its answer. What a listing showed to be unfit is not called.
fn extensions(server: &Server, ask: &Ask) -> [Option<Vote>; 4] {
    let forbid = |asked: bool, reason| asked.then_some(Vote::Forbid(reason, None));
    let may_make_tasks = ask.method.class == Class::ToolCall && server.lists_tasks();
    let is_unbound = ask.refers.state.is_some() && ask.refers.earlier == Earlier::Unbound;
    [
        forbid(ask.as_task && !may_make_tasks, Reason::TaskNotListed),
        forbid(ask.has_input, Reason::InputNotListed),
        forbid(is_unbound, Reason::StateUnbound),
        forbid(ask.refers.unfit, Reason::DefinitionUnsound),
    ]
}

fn tool_call(server: &Server, ask: &Ask, definition: Definition) -> Decision {
    let Some(name) = ask.tool.as_deref().filter(|name| is_tool_name(name)) else {
        return Decision::Refused(Reason::ToolNameInvalid, None);
    };
    let rule = server.rule(name);
    let votes = rule.into_iter().flat_map(|tool| {
        let arguments = arguments(tool, ask.arguments.as_ref());
        [entry(&tool.entry), pin(tool, definition), arguments]
    });
    combine(
        extensions(server, ask).into_iter().chain(votes).flatten(),
        Reason::ToolNotListed,
    )
}

/// An entry permits what it names, or denies it.
fn entry(entry: &Entry) -> Option<Vote> {
    Some(match &entry.deny {
        Some(deny) => Vote::Forbid(Reason::Denied, Some(deny.line)),
        None => Vote::Permit(entry.line),
    })
}

fn pin(tool: &Tool, definition: Definition) -> Option<Vote> {
    let (pinned, line) = tool.pin?;
    match definition {
        Definition::Seen(seen) if seen == pinned => None,
        Definition::AsPinned => None,
        Definition::Seen(_) => Some(Vote::Forbid(Reason::PinChanged, Some(line))),
        Definition::Unseen => Some(Vote::Forbid(Reason::PinUnseen, Some(line))),
    }
}

/// Arguments that are absent are an empty object.
pub(crate) fn arguments(tool: &Tool, sent: Option<&Kept>) -> Option<Vote> {
    let fields = tool.arguments.as_ref()?;
    let broken = match sent {
        Some(sent) => fields.judge(sent.node()),
        None => fields.all_there(0),
    };
    let broken = broken.err()?;
    let fault = match (broken.fault, broken.rule) {
        (ArgumentFault::Type, None) => ArgumentFault::Shape,
        (fault, _) => fault,
    };
    let line = broken.rule.map_or(tool.entry.line, |(_, line)| line);
    Some(Vote::Forbid(Reason::Argument(fault), Some(line)))
}

fn prompt(server: &Server, name: Option<&str>, extensions: [Option<Vote>; 4]) -> Decision {
    if !server.rules_prompts() {
        return Decision::Refused(Reason::MethodNotListed, None);
    }
    let Some(name) = name.filter(|name| is_tool_name(name)) else {
        return Decision::Refused(Reason::PromptNameInvalid, None);
    };
    let rule = server.prompt(name).and_then(entry);
    combine(
        extensions.into_iter().flatten().chain(rule),
        Reason::PromptNotListed,
    )
}

fn resource(server: &Server, uri: Option<&str>, extensions: [Option<Vote>; 4]) -> Decision {
    if server.resources().is_empty() {
        return Decision::Refused(Reason::MethodNotListed, None);
    }
    let Some(uri) = uri.and_then(Uri::parse) else {
        return Decision::Refused(Reason::UriInvalid, None);
    };
    let rules = server
        .resources()
        .iter()
        .filter(|rule| rule.subtree.holds(&uri));
    let votes = rules.filter_map(|rule| entry(&rule.entry));
    combine(
        extensions.into_iter().flatten().chain(votes),
        Reason::ResourceNotListed,
    )
}

/// A method that needs a line of its own, and leave for what it acts on.
fn named(server: &Server, ask: &Ask, selector: Selector, definition: Definition) -> Decision {
    let unlisted = Decision::Refused(Reason::MethodNotListed, None);
    let line = server.method(ask.method.name);
    let target = match (selector, &ask.prompt) {
        (Selector::Nothing | Selector::Tasks, _) => line.map_or(unlisted, Decision::Permitted),
        (Selector::Task, _) => bound::task(server, ask, definition),
        (Selector::Subscription, _) => bound::subscription(server, ask),
        (Selector::Reference, Some(name)) => prompt(server, Some(name), extensions(server, ask)),
        (Selector::Reference | Selector::Resource, _) => {
            resource(server, ask.uri.as_deref(), extensions(server, ask))
        }
    };
    match (target, line) {
        (Decision::Permitted(_), None) => unlisted,
        (target, _) => target,
    }
}

/// Whether a tool may be seen in a listing: whether some call of it could be permitted. Arguments and rates are left out of the question.
#[must_use]
pub fn is_listed(server: &Server, tool: &str, definition: Definition) -> bool {
    is_tool_name(tool)
        && server.rule(tool).is_some_and(|rule| {
            let votes = [entry(&rule.entry), pin(rule, definition)];
            matches!(
                combine(votes.into_iter().flatten(), Reason::ToolNotListed),
                Decision::Permitted(_)
            )
        })
}

/// Whether a prompt may be seen in a listing.
#[must_use]
pub fn is_prompt_listed(server: &Server, name: &str) -> bool {
    matches!(
        prompt(server, Some(name), [None; 4]),
        Decision::Permitted(_)
    )
}

/// Whether a resource may be seen in a listing.
#[must_use]
pub fn is_resource_listed(server: &Server, uri: &str) -> bool {
    matches!(
        resource(server, Some(uri), [None; 4]),
        Decision::Permitted(_)
    )
}

/// Whether a URI template (RFC 6570) may be seen in a listing: whether some URI it expands to could be permitted.
#[must_use]
pub fn is_template_listed(server: &Server, template: &str) -> bool {
    let mut rules = server
        .resources()
        .iter()
        .filter(|rule| rule.entry.deny.is_none());
    rules.any(|rule| rule.subtree.may_hold_template(template))
}
