//! The one queue, and the commands that wait for replies.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::mpsc;

use super::{Fault, Reply, command::CommandKind, message::Ask, reply::ReplyKind, share::Share};

/// Everything that changes.
#[derive(Default)]
pub(super) struct Desk(Mutex<State>);

#[derive(Default)]
pub(super) struct State {
    pub(super) queue: VecDeque<Queued>,
    pub(super) open: HashMap<String, Open>,
    pub(super) poll_faults: VecDeque<Fault>,
    pub(super) post_faults: VecDeque<Fault>,
    pub(super) poll_share: Share,
    pub(super) post_share: Share,
}

/// A command not yet delivered.
pub(super) struct Queued {
    pub(super) request_id: String,
    pub(super) channel: String,
    pub(super) element: Vec<u8>,
}

/// A command not yet closed.
pub(super) struct Open {
    pub(super) shard_token: String,
    pub(super) client_request_id: Option<String>,
    pub(super) kind: CommandKind,
    pub(super) channel: String,
    pub(super) ask: Option<Ask>,
    pub(super) replies: mpsc::UnboundedSender<Reply>,
}

impl Desk {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes up to `limit` commands off the queue, of these channels only; no channel means all.
    pub(super) fn take(&mut self, limit: usize, channels: &[String]) -> Vec<Queued> {
        let (mut taken, mut left) = (Vec::new(), VecDeque::new());
        for queued in self.queue.drain(..) {
            let wanted = channels.is_empty() || channels.contains(&queued.channel);
            if wanted && taken.len() < limit {
                taken.push(queued);
            } else {
                left.push_back(queued);
            }
        }
        self.queue = left;
        taken
    }

    /// The fault of a poll that arrives now: what was asked for once comes first.
    pub(super) fn poll_fault(&mut self) -> Option<Fault> {
        let share = self.poll_share.next();
        self.poll_faults.pop_front().or(share)
    }

    /// The fault of a post that arrives now.
    pub(super) fn post_fault(&mut self) -> Option<Fault> {
        let share = self.post_share.next();
        self.post_faults.pop_front().or(share)
    }

    /// Hands a reply to who waits for it; a final one closes the command.
    pub(super) fn deliver(&mut self, request_id: &str, reply: Reply) {
        let kind = reply.kind;
        if let Some(open) = self.open.get(request_id) {
            // Nobody may be left to hear it.
            let _ = open.replies.send(reply);
        }
        if kind != ReplyKind::JsonrpcNotify {
            self.open.remove(request_id);
        }
    }

    /// Forgets a command nobody waits for any more: a reply to it is answered 404.
    pub(super) fn withdraw(&mut self, request_id: &str) {
        self.queue.retain(|queued| queued.request_id != request_id);
        self.open.remove(request_id);
    }
}
