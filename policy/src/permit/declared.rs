//! Declared capabilities, cut down to what the policy lists something for: what is never declared is never asked for.
//!
//! Of a caller's nothing is left but extensions the policy lists, as no question of a server is passed on (MCP security sheet 1.5). What a side
//! sends all the same is refused where it is judged.

use super::exchange::Call;
use crate::ask::Ask;
use crate::document::Server;
use crate::edit::{Edit, Edited};
use crate::gate::{Gated, Node, Slot, Span};
use crate::mcp::catalogue::Method;
use crate::moment::Moment;

/// Whether the answer to a method declares capabilities.
pub(super) fn is_declaration(method: &Method) -> bool {
    matches!(method.name, "initialize" | "server/discover")
}

/// Cuts what a caller declares, when it opens a session or with each request (MCP 2026-07-28).
pub(super) fn cut(message: &Gated, ask: &Ask, server: Option<&Server>, body: &mut Edited) {
    let opens = is_declaration(ask.method).then(|| message.node(Slot::ParamsCapabilities));
    let each = message.node(Slot::ParamsMetaClientCapabilities);
    for declared in opens.flatten().into_iter().chain(each) {
        let keeps = |name: &str| name == "extensions";
        cut_members(declared, body, keeps, |_, inner| {
            server.is_some_and(|server| lists_extension(server, inner))
        });
    }
}

/// Cuts what a server declares, by both policies.
pub(super) fn cut_answer(
    call: &Call,
    message: &Gated,
    servers: [Option<&Server>; 2],
    json: &mut Edited,
) {
    if !is_declaration(call.ask.method) {
        return;
    }
    let Some(declared) = message.node(Slot::ResultCapabilities) else {
        return;
    };
    let all = |may: &dyn Fn(&Server) -> bool| servers.iter().all(|s| s.is_some_and(may));
    let keeps = |name: &str| all(&|server| lists(server, name, call.now));
    cut_members(declared, json, keeps, |name, inner| {
        all(&|server| lists_part(server, name, inner))
    });
}

/// Whether a policy lists anything for a capability of a server. On trial it may be asked for every tool, resource and prompt.
fn lists(server: &Server, capability: &str, now: Moment) -> bool {
    let on_trial = server.observes(now);
    match capability {
        "tools" => on_trial || server.tools().next().is_some(),
        "resources" => on_trial || server.first_resource().is_some(),
        "prompts" => on_trial || server.first_prompt().is_some(),
        "logging" => {
            server.method("logging/setLevel").is_some() || server.may_send("notifications/message")
        }
        "completions" => server.method("completion/complete").is_some(),
        "tasks" => server.lists_tasks(),
        "extensions" => true,
        _ => false,
    }
}

/// Whether a policy lists anything for a part of a capability.
fn lists_part(server: &Server, capability: &str, part: &str) -> bool {
    match (capability, part) {
        ("tools" | "resources" | "prompts", "listChanged") => {
            server.may_send(&format!("notifications/{capability}/list_changed"))
        }
        ("resources", "subscribe") => {
            let ways = ["resources/subscribe", "subscriptions/listen"];
            ways.iter().any(|way| server.method(way).is_some())
        }
        ("tasks", "list" | "cancel") => server.method(&format!("tasks/{part}")).is_some(),
        ("tasks", "requests") => true,
        ("extensions", extension) => lists_extension(server, extension),
        _ => false,
    }
}

fn lists_extension(server: &Server, extension: &str) -> bool {
    let mut resources = server.resources().iter();
    match extension {
        "io.modelcontextprotocol/tasks" => server.lists_tasks(),
        "io.modelcontextprotocol/skills" => ["skills/list", "skills/get"]
            .iter()
            .any(|method| server.method(method).is_some()),
        "io.modelcontextprotocol/ui" => {
            resources.any(|rule| rule.entry.deny.is_none() && rule.subtree.scheme() == "ui")
        }
        _ => false,
    }
}

/// Takes out the members that are not kept, and of those that are the parts that are not.
fn cut_members(
    object: Node<'_>,
    edited: &mut Edited,
    keeps: impl Fn(&str) -> bool,
    keeps_part: impl Fn(&str, &str) -> bool,
) {
    let cuts = cuts(object, &keeps);
    let kept = object.members().filter(|(name, _)| keeps(name));
    let parts = kept.flat_map(|(name, value)| cuts_of_part(&name, value, &keeps_part));
    let parts: Vec<Span> = parts.collect();
    for span in cuts.into_iter().chain(parts) {
        edited.push(Edit::Capability(span));
    }
}

fn cuts_of_part(name: &str, value: Node<'_>, keeps_part: impl Fn(&str, &str) -> bool) -> Vec<Span> {
    cuts(value, |part| keeps_part(name, part))
}

/// The stretches to take out of an object so that what is kept is still one: each run of members with the comma that goes with it.
fn cuts(object: Node<'_>, keeps: impl Fn(&str) -> bool) -> Vec<Span> {
    let mut cuts = Vec::new();
    let mut kept_to: Option<usize> = None;
    let mut run: Option<Span> = None;
    for (name, place, _) in object.placed_members() {
        if !keeps(&name) {
            let from = run.map_or(place.start(), |run| run.start());
            run = Some(Span::new(from, place.end()));
            continue;
        }
        if let Some(run) = run.take() {
            let (from, to) = kept_to.map_or((run.start(), place.start()), |end| (end, run.end()));
            cuts.push(Span::new(from, to));
        }
        kept_to = Some(place.end());
    }
    cuts.extend(run.map(|run| Span::new(kept_to.unwrap_or(run.start()), run.end())));
    cuts
}
