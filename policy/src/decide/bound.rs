//! Methods that act on what earlier messages made: a line of `methods` allows them, and only what the same principal made (B9, B14).

use super::{Ask, Decision, Definition, Earlier, Listens, is_listed, is_resource_listed};
use crate::document::Server;
use crate::refusal::Reason;

const RESOURCE_UPDATED: &str = "notifications/resources/updated";

/// A message about one task. What the task carries is what its tool said, so that tool must still be one that may be called.
pub(super) fn task(server: &Server, ask: &Ask, definition: Definition) -> Decision {
    let Some(line) = server.method(ask.method.name) else {
        return Decision::Refused(Reason::MethodNotListed, None);
    };
    match (&ask.refers.task, &ask.refers.earlier) {
        (Some(_), Earlier::Bound(Some(tool))) if !is_listed(server, tool, definition) => {
            Decision::Refused(Reason::ToolNotListed, None)
        }
        (Some(_), Earlier::Bound(_)) => Decision::Permitted(line),
        (Some(_) | None, _) => Decision::Refused(Reason::TaskUnbound, None),
    }
}

/// A subscription: each notification it asks for must be one the server may send, each resource one that may be read, each task its own.
pub(super) fn subscription(server: &Server, ask: &Ask) -> Decision {
    let Some(line) = server.method(ask.method.name) else {
        return Decision::Refused(Reason::MethodNotListed, None);
    };
    let Some(listens) = &ask.refers.listens else {
        return Decision::Refused(Reason::SubscriptionInvalid, None);
    };
    if !listens.tasks.is_empty() && ask.refers.earlier == Earlier::Unbound {
        return Decision::Refused(Reason::TaskUnbound, None);
    }
    match unlisted(server, listens) {
        Some(reason) => Decision::Refused(reason, None),
        None => Decision::Permitted(line),
    }
}

fn unlisted(server: &Server, listens: &Listens) -> Option<Reason> {
    let may_send = |name: &&str| server.may_send(name);
    let tells_of_resources = listens.resources.is_empty() || server.may_send(RESOURCE_UPDATED);
    if !listens.changes.iter().all(may_send) || !tells_of_resources {
        return Some(Reason::NotificationNotListed);
    }
    if !listens.tasks.is_empty() && !server.lists_tasks() {
        return Some(Reason::TaskNotListed);
    }
    let is_listed = |uri: &String| is_resource_listed(server, uri);
    (!listens.resources.iter().all(is_listed)).then_some(Reason::ResourceNotListed)
}
