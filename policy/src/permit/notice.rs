//! One notification of a server, judged against the call on which it came: it crosses when it belongs to something this principal asked for.

use super::answer::Finding;
use super::exchange::Call;
use super::heard::Heard;
use super::made;
use super::step::Ignored;
use crate::ask::Listens;
use crate::decide::is_resource_listed;
use crate::document::Server;
use crate::edit::{Edit, Edited};
use crate::gate::{Gated, Node, Slot};
use crate::mcp::catalogue::{self, Kind, Method, Sent, TOOLS_CHANGED};
use crate::refusal::Reason;

const RESOURCE_UPDATED: &str = "notifications/resources/updated";
const IGNORED: Finding = Finding::Ignore(Ignored::Notification);

/// A notification, the call it came on, and what both policies say of the server.
struct Notice<'a> {
    call: &'a Call,
    message: &'a Gated,
    method: &'static Method<Sent>,
    servers: [Option<&'a Server>; 2],
}

/// Judges one notification.
pub(super) fn judge(
    call: &Call,
    message: &Gated,
    name: &str,
    servers: [Option<&Server>; 2],
    heard: &mut Heard,
) -> Finding {
    let Some(method) = catalogue::server(name).filter(|m| m.kind == Kind::Notification) else {
        return IGNORED;
    };
    if name == TOOLS_CHANGED {
        call.watched.changed();
    }
    let notice = Notice {
        call,
        message,
        method,
        servers,
    };
    match (&call.stream, &call.ask.refers.listens) {
        _ if !notice.is_spoken() => IGNORED,
        (_, _) if method.class == Sent::Progress => notice.progress(heard),
        (Some(_), Some(listens)) => notice.on_stream(listens, heard),
        (_, _) => notice.on_call(),
    }
}

impl Notice<'_> {
    /// Whether the revision of the call has the notification, where revisions are listed (D4).
    fn is_spoken(&self) -> bool {
        let is_open = |server: &&Server| server.speaks_any();
        self.method.is_in(self.call.revision) || self.servers.iter().flatten().all(is_open)
    }

    fn all(&self, may: impl Fn(&Server) -> bool) -> bool {
        self.servers.iter().all(|server| server.is_some_and(&may))
    }

    /// Progress of this call goes on under the caller's own token, if it does not go back (B13).
    fn progress(&self, heard: &mut Heard) -> Finding {
        let bound = self.ours(Slot::ParamsProgressToken);
        match (bound, &self.call.token) {
            (Some(node), Some(token))
                if heard.progresses(self.message.node(Slot::ParamsProgress)) =>
            {
                self.with(Some(Edit::ProgressToken(node.span(), token.clone())))
            }
            (_, _) => IGNORED,
        }
    }

    /// What is no part of a subscription crosses when both policies let the server send it.
    fn on_call(&self) -> Finding {
        let is_tagged = self.message.node(Slot::ParamsMetaSubscriptionId).is_some();
        let crosses = !is_tagged
            && match self.method.class {
                Sent::Listable => self.is_listed() && self.is_own_resource(),
                Sent::TaskStatus => self.all(Server::lists_tasks) && self.is_own_task(),
                Sent::Ping
                | Sent::Question
                | Sent::Progress
                | Sent::Task
                | Sent::Acknowledged
                | Sent::Dropped => false,
            };
        if crosses { self.with(None) } else { IGNORED }
    }

    fn is_listed(&self) -> bool {
        self.all(|server| server.may_send(self.method.name))
    }

    /// News of a resource crosses to whoever subscribed to it and may read it (B14).
    fn is_own_resource(&self) -> bool {
        if self.method.name != RESOURCE_UPDATED {
            return true;
        }
        let (call, uri) = (self.call, self.text(Slot::ParamsUri));
        let may_read = |uri: &str| self.all(|server| is_resource_listed(server, uri));
        uri.is_some_and(|uri| {
            may_read(&uri) && call.watched.ledger.has_resource(call.owner, &uri, call.now)
        })
    }

    /// Whether the message is about a task of whoever made the call (B9).
    fn is_own_task(&self) -> bool {
        let (call, task) = (self.call, self.text(Slot::ParamsTaskId));
        task.is_some_and(|id| {
            call.watched
                .ledger
                .task(call.owner, &id, call.now)
                .is_some()
        })
    }

    /// On a subscription: first the acknowledgement, then what was subscribed to, each under its id (B14).
    fn on_stream(&self, listens: &Listens, heard: &mut Heard) -> Finding {
        let tag = self.ours(Slot::ParamsMetaSubscriptionId);
        match tag.filter(|_| self.is_subscribed(listens, heard)) {
            Some(node) => {
                let id = self.call.caller_id.clone();
                self.with(Some(Edit::SubscriptionId(node.span(), id)))
            }
            None if heard.strays() => Finding::Refuse(Reason::SubscriptionBroken),
            None => IGNORED,
        }
    }

    fn is_subscribed(&self, listens: &Listens, heard: &mut Heard) -> bool {
        let names = |list: &[String], slot| self.text(slot).is_some_and(|t| list.contains(&t));
        match self.method.class {
            Sent::Acknowledged => heard.acknowledge(),
            Sent::Listable if self.method.name == RESOURCE_UPDATED => {
                heard.is_acknowledged()
                    && self.is_listed()
                    && names(&listens.resources, Slot::ParamsUri)
            }
            Sent::Listable => {
                let is_wanted = listens.changes.contains(&self.method.name);
                heard.is_acknowledged() && self.is_listed() && is_wanted
            }
            Sent::Task => {
                let is_wanted = names(&listens.tasks, Slot::ParamsTaskId) && self.is_own_task();
                heard.is_acknowledged() && is_wanted && self.asks_nothing()
            }
            Sent::Ping | Sent::Question | Sent::Progress | Sent::TaskStatus | Sent::Dropped => {
                false
            }
        }
    }

    /// A task that is told of may hold the answer of its tool: it must be one that could be passed on (B9, C8).
    fn asks_nothing(&self) -> bool {
        let task = self.message.node(Slot::Params);
        task.is_some_and(|task| made::report(task).is_ok())
    }

    /// The value at a slot if it is the id we gave.
    fn ours(&self, slot: Slot) -> Option<Node<'_>> {
        let id = self.call.upstream_id.to_string();
        let node = self.message.node(slot)?;
        (node.raw() == id.as_bytes()).then_some(node)
    }

    fn text(&self, slot: Slot) -> Option<String> {
        Some(self.message.node(slot)?.text()?.into_owned())
    }

    fn with(&self, edit: Option<Edit>) -> Finding {
        let mut json = Edited::new(self.message.bytes().clone());
        edit.into_iter().for_each(|edit| json.push(edit));
        Finding::Notify(json)
    }
}
