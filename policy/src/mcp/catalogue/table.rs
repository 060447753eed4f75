//! The rows: one per method and direction. `policy/cases/methods.json` is the same list written from the specification; a test holds the two
//! against each other.

use super::{Class, Extension, Kind, Method, Selector, Sent, Spoken};
use crate::mcp::revision::Revision;

const FIRST: Revision = Revision::V2024_11;
const ELICITATION: Revision = Revision::V2025_06;
const TASKS: Revision = Revision::V2025_11;
const MODERN: Revision = Revision::V2026_07;

const fn spoken(first: Revision, last: Revision, extension: Option<Extension>) -> Spoken {
    Spoken {
        first,
        last,
        extension,
    }
}

/// In every revision.
const ALWAYS: Spoken = spoken(FIRST, MODERN, None);
/// Where there are sessions.
const LEGACY: Spoken = spoken(FIRST, TASKS, None);
/// Where each request describes itself.
const NEW: Spoken = spoken(MODERN, MODERN, None);
/// In the tasks of 2025-11-25 only.
const EARLY_TASKS: Spoken = spoken(TASKS, TASKS, None);
/// In the tasks of 2025-11-25, and in the extension that took their place.
const BOTH_TASKS: Spoken = spoken(TASKS, MODERN, Some(Extension::Tasks));
/// In the tasks extension only.
const LATE_TASKS: Spoken = spoken(MODERN, MODERN, Some(Extension::Tasks));
const SKILLS: Spoken = spoken(MODERN, MODERN, Some(Extension::Skills));
const FROM_ELICITATION: Spoken = spoken(ELICITATION, TASKS, None);

const fn ask<C: Copy>(
    name: &'static str,
    class: C,
    spoken: Spoken,
    selector: &'static str,
) -> Method<C> {
    Method {
        name,
        kind: Kind::Request,
        class,
        spoken,
        selector,
    }
}

const fn tell<C: Copy>(
    name: &'static str,
    class: C,
    spoken: Spoken,
    selector: &'static str,
) -> Method<C> {
    Method {
        name,
        kind: Kind::Notification,
        class,
        spoken,
        selector,
    }
}

const NOTHING: Class = Class::Named(Selector::Nothing);
const RESOURCE: Class = Class::Named(Selector::Resource);
const REFERENCE: Class = Class::Named(Selector::Reference);
const TASK: Class = Class::Named(Selector::Task);
const TASK_LIST: Class = Class::Named(Selector::Tasks);
const SUBSCRIPTION: Class = Class::Named(Selector::Subscription);

/// What a caller may name.
#[rustfmt::skip]
pub(super) static CALLER: [Method; 28] = [
    ask("initialize", Class::Lifecycle, LEGACY, "params.protocolVersion"),
    ask("ping", Class::Lifecycle, LEGACY, ""),
    ask("server/discover", Class::Lifecycle, NEW, ""),
    ask("tools/list", Class::ToolListing, ALWAYS, "params.cursor"),
    ask("tools/call", Class::ToolCall, ALWAYS, "params.name"),
    ask("resources/list", Class::ResourceListing, ALWAYS, "params.cursor"),
    ask("resources/templates/list", Class::ResourceListing, ALWAYS, "params.cursor"),
    ask("resources/read", Class::ResourceRead, ALWAYS, "params.uri"),
    ask("resources/subscribe", RESOURCE, LEGACY, "params.uri"),
    ask("resources/unsubscribe", RESOURCE, LEGACY, "params.uri"),
    ask("resources/directory/read", RESOURCE, SKILLS, "params.uri"),
    ask("prompts/list", Class::PromptListing, ALWAYS, "params.cursor"),
    ask("prompts/get", Class::PromptGet, ALWAYS, "params.name"),
    ask("completion/complete", REFERENCE, ALWAYS, "params.ref"),
    ask("logging/setLevel", NOTHING, LEGACY, "params.level"),
    ask("tasks/get", TASK, BOTH_TASKS, "params.taskId"),
    ask("tasks/result", TASK, EARLY_TASKS, "params.taskId"),
    ask("tasks/cancel", TASK, BOTH_TASKS, "params.taskId"),
    ask("tasks/list", TASK_LIST, EARLY_TASKS, "params.cursor"),
    ask("tasks/update", Class::Unlisted, LATE_TASKS, "params.taskId"),
    ask("subscriptions/listen", SUBSCRIPTION, NEW, "params.notifications"),
    ask("skills/list", NOTHING, SKILLS, "params.cursor"),
    ask("skills/get", RESOURCE, SKILLS, "params.uri"),
    tell("notifications/initialized", Class::Lifecycle, LEGACY, ""),
    tell("notifications/cancelled", Class::Cancel, ALWAYS, "params.requestId"),
    tell("notifications/progress", Class::Unlisted, LEGACY, "params.progressToken"),
    tell("notifications/roots/list_changed", NOTHING, LEGACY, ""),
    tell("notifications/tasks/status", Class::Unlisted, EARLY_TASKS, "params.taskId"),
];

/// What a server may name.
#[rustfmt::skip]
pub(super) static SERVER: [Method<Sent>; 19] = [
    ask("ping", Sent::Ping, LEGACY, ""),
    ask("sampling/createMessage", Sent::Question, LEGACY, ""),
    ask("roots/list", Sent::Question, LEGACY, ""),
    ask("elicitation/create", Sent::Question, FROM_ELICITATION, "params.mode"),
    ask("tasks/get", Sent::Question, EARLY_TASKS, "params.taskId"),
    ask("tasks/result", Sent::Question, EARLY_TASKS, "params.taskId"),
    ask("tasks/cancel", Sent::Question, EARLY_TASKS, "params.taskId"),
    ask("tasks/list", Sent::Question, EARLY_TASKS, "params.cursor"),
    tell("notifications/cancelled", Sent::Dropped, ALWAYS, "params.requestId"),
    tell("notifications/progress", Sent::Progress, ALWAYS, "params.progressToken"),
    tell("notifications/message", Sent::Listable, ALWAYS, "params.level"),
    tell("notifications/resources/updated", Sent::Listable, ALWAYS, "params.uri"),
    tell("notifications/resources/list_changed", Sent::Listable, ALWAYS, ""),
    tell("notifications/tools/list_changed", Sent::Listable, ALWAYS, ""),
    tell("notifications/prompts/list_changed", Sent::Listable, ALWAYS, ""),
    tell("notifications/tasks/status", Sent::TaskStatus, EARLY_TASKS, "params.taskId"),
    tell("notifications/elicitation/complete", Sent::Dropped, EARLY_TASKS, "params.elicitationId"),
    tell("notifications/subscriptions/acknowledged", Sent::Acknowledged, NEW, "params.notifications"),
    tell("notifications/tasks", Sent::Task, LATE_TASKS, "params.taskId"),
];

/// What MCP Apps (`io.modelcontextprotocol/ui`) says between a host and its frame.
pub(super) const FRAME: [(&str, Kind); 17] = [
    ("ui/initialize", Kind::Request),
    ("ui/open-link", Kind::Request),
    ("ui/download-file", Kind::Request),
    ("ui/message", Kind::Request),
    ("ui/request-display-mode", Kind::Request),
    ("ui/update-model-context", Kind::Request),
    ("ui/resource-teardown", Kind::Request),
    ("ui/notifications/initialized", Kind::Notification),
    ("ui/notifications/tool-input", Kind::Notification),
    ("ui/notifications/tool-input-partial", Kind::Notification),
    ("ui/notifications/tool-result", Kind::Notification),
    ("ui/notifications/tool-cancelled", Kind::Notification),
    ("ui/notifications/size-changed", Kind::Notification),
    ("ui/notifications/request-teardown", Kind::Notification),
    ("ui/notifications/host-context-changed", Kind::Notification),
    ("ui/notifications/sandbox-proxy-ready", Kind::Notification),
    (
        "ui/notifications/sandbox-resource-ready",
        Kind::Notification,
    ),
];
