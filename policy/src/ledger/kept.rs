//! The kinds of things a message can make for later ones: tasks, request state, subscriptions to a resource, open event streams, and what a
//! listing showed to be unfit.

use std::collections::HashMap;
use std::sync::Arc;

use super::bindings::{Bindings, Room};
use super::pages::Pages;
use super::{Ledger, Owner, lock};
use crate::moment::Moment;

const HOUR: u64 = 3_600_000;
/// The longest a task may be asked to live, and the longest it is remembered.
pub(crate) const LONGEST_TASK: u64 = 24 * HOUR;
/// The most event streams of one principal at a time (B14).
const STREAMS: usize = 4;

const TASKS: Room = Room {
    entries: 4096,
    of_one: 256,
    age: LONGEST_TASK,
};
const STATES: Room = Room {
    entries: 4096,
    of_one: 256,
    age: HOUR,
};
const RESOURCES: Room = Room {
    entries: 4096,
    of_one: 256,
    age: 24 * HOUR,
};

const UNFIT: Room = Room {
    entries: 16_384,
    of_one: 4096,
    age: 24 * HOUR,
};

/// Everything of these kinds.
pub(super) struct Kept {
    /// By channel and task id: the tool whose call made the task, if a tool did.
    tasks: Bindings<Option<String>>,
    /// By channel, what was called and the state: how many rounds the call has had.
    states: Bindings<u8>,
    /// By owner and URI.
    resources: Bindings<()>,
    /// By owner and name of the tool.
    unfit: Bindings<()>,
    pages: Pages,
    streams: HashMap<u64, usize>,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            tasks: Bindings::new(TASKS),
            states: Bindings::new(STATES),
            resources: Bindings::new(RESOURCES),
            unfit: Bindings::new(UNFIT),
            pages: Pages::default(),
            streams: HashMap::new(),
        }
    }
}

/// Keeps the place of one event stream for as long as it is open.
pub(crate) struct OpenStream {
    ledger: Arc<Ledger>,
    owner: Owner,
}

/// What a request state belongs to: the method and the name of what was called.
pub(crate) type About<'a> = (&'a str, Option<&'a str>);

impl Ledger {
    /// Notes a task that an answer made; whether it is this owner's: an id that another principal holds is nobody else's (B9).
    pub(crate) fn note_task(
        &self,
        owner: Owner,
        id: &str,
        tool: Option<String>,
        now: Moment,
    ) -> bool {
        let key = self.digest(("task", owner.channel, id));
        lock(&self.kept).tasks.note(key, owner.digest, tool, now)
    }

    /// The tool whose call of this owner made a task; nothing if no call of his did, or if it was forgotten.
    pub(crate) fn task(&self, owner: Owner, id: &str, now: Moment) -> Option<Option<String>> {
        let key = self.digest(("task", owner.channel, id));
        lock(&self.kept).tasks.of(key, owner.digest, now).cloned()
    }

    /// Notes the state that an answer gave to be sent with the next try of the same call.
    pub(crate) fn note_state(
        &self,
        owner: Owner,
        about: About<'_>,
        state: &str,
        rounds: u8,
        now: Moment,
    ) {
        let key = self.digest(("state", owner.digest, about, state));
        lock(&self.kept).states.note(key, owner.digest, rounds, now);
    }

    /// How many rounds the call has had to which this state was given; nothing if it was given to another, or forgotten.
    pub(crate) fn state(
        &self,
        owner: Owner,
        about: About<'_>,
        state: &str,
        now: Moment,
    ) -> Option<u8> {
        let key = self.digest(("state", owner.digest, about, state));
        lock(&self.kept).states.of(key, owner.digest, now).copied()
    }

    /// Notes that a principal subscribed to a resource.
    pub(crate) fn note_resource(&self, owner: Owner, uri: &str, now: Moment) {
        let key = self.digest(("resource", owner.digest, uri));
        lock(&self.kept).resources.note(key, owner.digest, (), now);
    }

    /// Forgets a subscription.
    pub(crate) fn release_resource(&self, owner: Owner, uri: &str) {
        let key = self.digest(("resource", owner.digest, uri));
        lock(&self.kept).resources.release(key, owner.digest);
    }

    /// Whether a principal subscribed to a resource.
    pub(crate) fn has_resource(&self, owner: Owner, uri: &str, now: Moment) -> bool {
        let key = self.digest(("resource", owner.digest, uri));
        let mut kept = lock(&self.kept);
        kept.resources.of(key, owner.digest, now).is_some()
    }

    /// A new listing of tools begins.
    pub(crate) fn begin_listing(&self, owner: Owner, now: Moment) {
        lock(&self.kept).pages.begin(owner.digest, now);
    }

    /// Notes the cursor that a page of this listing gave an owner.
    pub(crate) fn note_cursor(&self, owner: Owner, method: &str, cursor: &str, now: Moment) {
        let cursor = self.digest((method, cursor));
        lock(&self.kept).pages.lead(owner.digest, cursor, now);
    }

    /// Whether a page of this listing gave this cursor to this owner.
    pub(crate) fn has_cursor(&self, owner: Owner, method: &str, cursor: &str) -> bool {
        let cursor = self.digest((method, cursor));
        lock(&self.kept).pages.leads(owner.digest, cursor)
    }

    /// Takes a name of a page and the bytes of its definition; whether it is the one meaning the name has in its listing (B4).
    pub(crate) fn lists(&self, owner: Owner, tool: &str, definition: &[u8], now: Moment) -> bool {
        let (name, definition) = (self.digest(tool), self.digest(definition));
        let mut kept = lock(&self.kept);
        kept.pages.take(owner.digest, name, definition, now)
    }

    /// Notes that a tool is not called, for what a listing said of it.
    pub(crate) fn note_unfit(&self, owner: Owner, tool: &str, now: Moment) {
        let key = self.digest(("unfit", owner.digest, tool));
        lock(&self.kept).unfit.note(key, owner.digest, (), now);
    }

    /// A listing showed the tool as it should be.
    pub(crate) fn release_unfit(&self, owner: Owner, tool: &str) {
        let key = self.digest(("unfit", owner.digest, tool));
        lock(&self.kept).unfit.release(key, owner.digest);
    }

    /// Whether a listing of this owner showed the tool to be unfit.
    pub(crate) fn is_unfit(&self, owner: Owner, tool: &str, now: Moment) -> bool {
        let key = self.digest(("unfit", owner.digest, tool));
        lock(&self.kept).unfit.of(key, owner.digest, now).is_some()
    }

    /// A place for one more event stream of a principal, if there is one.
    pub(crate) fn open_stream(self: &Arc<Self>, owner: Owner) -> Option<OpenStream> {
        let mut kept = lock(&self.kept);
        let open = kept.streams.entry(owner.digest).or_default();
        if *open >= STREAMS {
            return None;
        }
        *open += 1;
        Some(OpenStream {
            ledger: Arc::clone(self),
            owner,
        })
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut kept = lock(&self.ledger.kept);
        if let Some(open) = kept.streams.get_mut(&self.owner.digest) {
            *open = open.saturating_sub(1);
            if *open == 0 {
                kept.streams.remove(&self.owner.digest);
            }
        }
    }
}
