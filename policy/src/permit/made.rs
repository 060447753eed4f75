//! What a result makes that later messages may refer to: tasks, request state, subscriptions, the next page of a listing; and what a task tells (B9, B10, B11).
//!
//! It promises that nothing is made which the policy does not list, that what is made belongs to the principal of the call, and that a task
//! carries no question of the server past the rule for results.

use super::exchange::Call;
use super::refers::{MOST_ROUNDS, about};
use super::removed::Removed;
use crate::document::Server;
use crate::edit::Edit;
use crate::gate::{Gated, Kind, Node, Slot, Span, folds_alike};
use crate::mcp::catalogue::{Class, Selector};
use crate::refusal::Reason;

/// MCP 2025-11-25: an elicitation that arrives as an error (C7).
pub(super) const URL_ELICITATION_REQUIRED: i64 = -32042;

/// Judges what a result is beside its content, and notes what it makes.
///
/// # Errors
/// The reason why it may not cross.
pub(super) fn judge(
    call: &Call,
    message: &Gated,
    servers: [Option<&Server>; 2],
) -> Result<(), Reason> {
    if message.node(Slot::ResultInputRequests).is_some() {
        return Err(Reason::ReverseCall);
    }
    match message.node(Slot::ResultType).map(|node| node.text()) {
        None => {}
        Some(Some(kind)) if kind == "complete" => {}
        Some(Some(kind)) if kind == "input_required" => return state(call, message),
        Some(Some(kind)) if kind == "task" => return task(call, message, servers),
        Some(_) => return Err(Reason::ResultTypeUnknown),
    }
    match call.ask.method.class {
        Class::Named(Selector::Task) => about_task(call, message),
        Class::Named(Selector::Resource) => {
            subscribe(call);
            no_task(message)
        }
        Class::ToolCall if call.ask.as_task => task(call, message, servers),
        Class::ToolCall
        | Class::Lifecycle
        | Class::Cancel
        | Class::ToolListing
        | Class::ResourceListing
        | Class::ResourceRead
        | Class::PromptListing
        | Class::PromptGet
        | Class::Named(
            Selector::Nothing | Selector::Reference | Selector::Tasks | Selector::Subscription,
        )
        | Class::Unlisted => no_task(message),
    }
}

fn no_task(message: &Gated) -> Result<(), Reason> {
    let makes =
        message.node(Slot::ResultTask).is_some() || message.node(Slot::ResultTaskId).is_some();
    if makes {
        Err(Reason::TaskNotListed)
    } else {
        Ok(())
    }
}

/// A state without a question: the call is to be tried again. It counts for this call of this principal only (B10).
fn state(call: &Call, message: &Gated) -> Result<(), Reason> {
    let may_be_retried = matches!(
        call.ask.method.class,
        Class::ToolCall | Class::PromptGet | Class::ResourceRead
    );
    let state = message.node(Slot::ResultRequestState);
    let Some(state) = state
        .filter(|_| may_be_retried)
        .and_then(|node| node.text())
    else {
        return Err(Reason::ReverseCall);
    };
    let (owner, about) = (call.owner, about(&call.ask));
    let before = call.ask.refers.state.as_deref();
    let rounds = before.and_then(|state| call.watched.ledger.state(owner, about, state, call.now));
    let rounds = rounds.unwrap_or(0) + 1;
    if rounds >= MOST_ROUNDS {
        return Err(Reason::TooManyRounds);
    }
    call.watched
        .ledger
        .note_state(owner, about, &state, rounds, call.now);
    Ok(())
}

/// A call that became a task: `task.taskId` where the caller asked for one (MCP 2025-11-25), else `taskId` (tasks extension).
fn task(call: &Call, message: &Gated, servers: [Option<&Server>; 2]) -> Result<(), Reason> {
    let are_listed = servers.iter().all(|s| s.is_some_and(Server::lists_tasks));
    if !are_listed || call.ask.method.class != Class::ToolCall {
        return Err(Reason::TaskNotListed);
    }
    let nested = message.node(Slot::ResultTask);
    let id = match nested {
        Some(task) => exact(task, "taskId").map_err(|()| Reason::TaskInvalid)?,
        None => message.node(Slot::ResultTaskId),
    };
    let is_twice = nested.is_some() && message.node(Slot::ResultTaskId).is_some();
    let id = id.filter(|_| !is_twice).and_then(|id| id.text());
    let id = id.filter(|id| (1..=256).contains(&id.len()));
    let Some(id) = id else {
        return Err(Reason::TaskInvalid);
    };
    let tool = call.ask.tool.clone();
    if call
        .watched
        .ledger
        .note_task(call.owner, &id, tool, call.now)
    {
        report(message.node(Slot::Result).ok_or(Reason::TaskInvalid)?)
    } else {
        Err(Reason::TaskUnbound)
    }
}

/// The answer about a task is about the task that was asked for.
fn about_task(call: &Call, message: &Gated) -> Result<(), Reason> {
    let asked = call.ask.refers.task.as_deref();
    let related = message
        .node(Slot::ResultMetaRelatedTask)
        .map(|task| exact(task, "taskId").map_err(|()| Reason::TaskInvalid));
    let told = [
        message.node(Slot::ResultTaskId),
        related.transpose()?.flatten(),
    ];
    let is_asked = |node: &Node<'_>| node.text().as_deref() == asked;
    if !told.iter().flatten().all(is_asked) || message.node(Slot::ResultTask).is_some() {
        return Err(Reason::TaskUnbound);
    }
    report(message.node(Slot::Result).ok_or(Reason::TaskInvalid)?)
}

/// What a task carries: questions at no level, and a `result` or `error` that could have been an answer of its own (C7, C8).
pub(super) fn report(task: Node<'_>) -> Result<(), Reason> {
    let part = |name| exact(task, name).map_err(|()| Reason::ReverseCall);
    if part("inputRequests")?.is_some() {
        return Err(Reason::ReverseCall);
    }
    if let Some(error) = part("error")? {
        let code = exact(error, "code").map_err(|()| Reason::ReverseCall)?;
        if code.and_then(|code| code.integer()) == Some(URL_ELICITATION_REQUIRED) {
            return Err(Reason::ReverseCall);
        }
    }
    part("result")?.map_or(Ok(()), carried)
}

fn carried(result: Node<'_>) -> Result<(), Reason> {
    let part = |name| exact(result, name).map_err(|()| Reason::ReverseCall);
    for question in ["inputRequests", "task", "taskId"] {
        if part(question)?.is_some() {
            return Err(Reason::ReverseCall);
        }
    }
    match part("resultType")?.map(|kind| kind.text()) {
        None => Ok(()),
        Some(Some(kind)) if kind == "complete" => Ok(()),
        Some(_) => Err(Reason::ResultTypeUnknown),
    }
}

/// The one member of this name, in objects whose names the gate does not watch; an error if another spelling may be read as it (A3).
fn exact<'a>(object: Node<'a>, name: &str) -> Result<Option<Node<'a>>, ()> {
    let mut found = None;
    for (key, value) in object.members() {
        if key == name {
            found = Some(value);
        } else if folds_alike(&key, name) {
            return Err(());
        }
    }
    Ok(found)
}

/// A subscription to a resource counts from its answer to its end (B14).
fn subscribe(call: &Call) {
    let Some(uri) = call.ask.uri.as_deref() else {
        return;
    };
    match call.ask.method.name {
        "resources/subscribe" => call.watched.ledger.note_resource(call.owner, uri, call.now),
        "resources/unsubscribe" => call.watched.ledger.release_resource(call.owner, uri),
        _ => {}
    }
}

/// A page that is not the last tells where its listing goes on, and it does for whoever was shown it.
pub(super) fn next_page(call: &Call, message: &Gated) {
    let next = message.node(Slot::ResultNextCursor);
    if let Some(cursor) = next.and_then(|next| next.text()) {
        let (ledger, method) = (&call.watched.ledger, call.ask.method.name);
        ledger.note_cursor(call.owner, method, &cursor, call.now);
    }
}

/// The edit that takes the tasks of others out of an answer to `tasks/list`, and how many there are; nothing if all may stay (B9). They are not
/// named: whoever knows a task's id may use it.
///
/// # Errors
/// [`Reason::ListingUnreadable`] when it is not a list of tasks with ids.
pub(super) fn own_tasks(call: &Call, message: &Gated) -> Result<Option<(Edit, Removed)>, Reason> {
    let unreadable = Reason::ListingUnreadable;
    let result = message.node(Slot::Result).ok_or(unreadable)?;
    let list = exact(result, "tasks").map_err(|()| unreadable)?;
    let list = list
        .filter(|list| list.kind() == Kind::Array)
        .ok_or(unreadable)?;
    let (mut kept, mut removed): (Vec<Span>, usize) = (Vec::new(), 0);
    for task in list.elements() {
        let id = exact(task, "taskId").map_err(|()| unreadable)?;
        let id = id.and_then(|id| id.text()).ok_or(unreadable)?;
        if call
            .watched
            .ledger
            .task(call.owner, &id, call.now)
            .is_some()
        {
            kept.push(task.span());
        } else {
            removed += 1;
        }
    }
    let edit = Edit::ListItems(list.span(), kept);
    Ok((removed > 0).then(|| (edit, Removed::unnamed(removed))))
}
