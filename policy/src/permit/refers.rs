//! What a gated message refers to that earlier messages made, read from it and looked up for whoever sends it (B9, B10, B14).

use crate::ask::{Ask, Cursor, Earlier, Listens, Refers};
use crate::gate::{Gated, Kind, Slot};
use crate::ledger::{About, LONGEST_TASK, Ledger, Owner};
use crate::mcp::catalogue::{Class, Selector};
use crate::moment::Moment;
use crate::refusal::Reason;

/// The longest task id, and the longest request state, in bytes (MCP security sheet 2.9).
const LONGEST_ID: usize = 256;
const LONGEST_STATE: usize = 64 * 1024;
/// The most tries of one call: the first, and those that carry a state.
pub(super) const MOST_ROUNDS: u8 = 8;

/// Refuses a task, a task id or a state that is not of the form and size it may have, whatever the method (B10, B11).
pub(super) fn check(message: &Gated) -> Result<(), Reason> {
    let is_text = |slot, most| {
        message.node(slot).is_none_or(|node| {
            node.text()
                .is_some_and(|text| (1..=most).contains(&text.len()))
        })
    };
    if !is_text(Slot::ParamsTaskId, LONGEST_ID) || !asks_for_a_sound_task(message) {
        return Err(Reason::TaskInvalid);
    }
    if !is_text(Slot::ParamsRequestState, LONGEST_STATE) {
        return Err(Reason::StateUnbound);
    }
    Ok(())
}

/// `params.task` is an object whose `ttl`, if there is one, ends before the ledger forgets the task.
fn asks_for_a_sound_task(message: &Gated) -> bool {
    let Some(task) = message.node(Slot::ParamsTask) else {
        return true;
    };
    let sound = |ttl: i64| u64::try_from(ttl).is_ok_and(|ttl| ttl <= LONGEST_TASK);
    task.kind() == Kind::Object
        && task
            .get("ttl")
            .is_none_or(|ttl| ttl.integer().is_some_and(sound))
}

/// What the message refers to, not looked up yet.
pub(super) fn read(message: &Gated, class: Class) -> Refers {
    let text = |slot| Some(message.node(slot)?.text()?.into_owned());
    let mut refers = Refers {
        state: text(Slot::ParamsRequestState),
        cursor: Cursor::read(message.node(Slot::ParamsCursor)),
        ..Refers::default()
    };
    match class {
        Class::Named(Selector::Task) => refers.task = text(Slot::ParamsTaskId),
        Class::Named(Selector::Subscription) => {
            let asked = message.node(Slot::ParamsNotifications);
            refers.listens = asked.and_then(Listens::read);
        }
        Class::Lifecycle
        | Class::Cancel
        | Class::ToolListing
        | Class::ToolCall
        | Class::ResourceListing
        | Class::ResourceRead
        | Class::PromptListing
        | Class::PromptGet
        | Class::Named(
            Selector::Nothing | Selector::Resource | Selector::Reference | Selector::Tasks,
        )
        | Class::Unlisted => {}
    }
    refers
}

/// Looks up what a message of this owner refers to.
pub(super) fn look_up(ask: &Ask, ledger: &Ledger, owner: Owner, now: Moment) -> Earlier {
    let refers = &ask.refers;
    if let Some(id) = &refers.task {
        let made = ledger.task(owner, id, now);
        return made.map_or(Earlier::Unbound, Earlier::Bound);
    }
    if let Some(listens) = &refers.listens {
        let is_own = |id: &String| ledger.task(owner, id, now).is_some();
        let all = listens.tasks.iter().all(is_own);
        return if all {
            Earlier::Bound(None)
        } else {
            Earlier::Unbound
        };
    }
    let state = refers.state.as_deref();
    match state.and_then(|state| ledger.state(owner, about(ask), state, now)) {
        Some(_) => Earlier::Bound(None),
        None => Earlier::Unbound,
    }
}

/// A listing goes on only behind a cursor that one of its pages gave this owner: what the pages before showed must be known (B4).
pub(super) fn goes_on(ask: &Ask, ledger: &Ledger, owner: Owner) -> Result<(), Reason> {
    let is_known = match &ask.refers.cursor {
        Cursor::Absent | Cursor::Null => true,
        Cursor::Behind(cursor) => ledger.has_cursor(owner, ask.method.name, cursor),
        Cursor::Unreadable => false,
    };
    if is_known {
        Ok(())
    } else {
        Err(Reason::CursorUnbound)
    }
}

/// What a request state belongs to.
pub(super) fn about(ask: &Ask) -> About<'_> {
    (ask.method.name, ask.named())
}
