//! A control plane on loopback that holds the agent to the whole wire contract.
//!
//! Promises: a client certificate is required by TLS; every breach of the contract is answered 400 and written down as
//! one sentence, so that [`ControlPlane::violations`] is empty exactly if the agent kept to it; a command is delivered
//! once and closed by its one final reply. Faults come on demand only.
//!
//! Reading order: [`ControlPlane`] here, [`Command`] goes in, [`Pending`] gives the [`Reply`], [`Fault`] spoils it;
//! `routes` is the door, `poll` and `post` the two requests, `agent` and `payload` the rules for them.
//!
//! Leaves to others: what the agent should answer. Where the published document leaves a choice, the sheet
//! `wire sheet` decides; its sections are named at each rule.

mod agent;
mod clock;
mod command;
mod desk;
mod fault;
mod message;
mod payload;
mod pending;
mod poll;
mod post;
mod provenance;
mod refusal;
mod reply;
mod routes;
mod share;

use std::{io, sync::Arc};

use tokio::sync::{Notify, watch};

use self::{desk::Desk, share::Share};
use super::net::{Door, Listener, Record};

pub use command::Command;
pub use fault::{Answer, Fault};
pub use pending::{Gone, Pending};
pub use post::Post;
pub use reply::{Reply, ReplyKind};
pub use routes::{Call, Route};

/// How many entries each record keeps.
const REMEMBERED: usize = 25_000;

/// What the agent must be told to reach this control plane.
#[derive(Clone, Debug)]
pub struct Options {
    /// The tunnel: `tunnel_` and 32 lower-case letters or digits.
    pub tunnel_id: String,
    /// The bearer the agent must show.
    pub api_key: String,
    /// The prefix of a gateway, as in `/gateway/eu`; empty for none.
    pub url_path: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tunnel_id: "tunnel_0123456789abcdefghijklmnopqrstuv".to_owned(),
            api_key: "demo_key-0123456789".to_owned(),
            url_path: String::new(),
        }
    }
}

/// A running control plane. Dropping it closes its port and its connections.
pub struct ControlPlane {
    plane: Arc<Plane>,
    listener: Listener,
    scheme: &'static str,
}

/// What all requests share.
struct Plane {
    options: Options,
    desk: Desk,
    /// Rung when a command is queued.
    arrivals: Notify,
    /// Whether polls are held no more.
    closing: watch::Sender<bool>,
    violations: Record<String>,
    calls: Record<Call>,
    posts: Record<Post>,
    /// How many polls arrived and kept to the contract.
    polls: watch::Sender<u64>,
    /// How many polls are held now, waiting for a command.
    held: watch::Sender<usize>,
}

impl ControlPlane {
    /// Opens a control plane behind `door`, on a free loopback port. Needs a Tokio runtime.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(door: Door, options: Options) -> io::Result<Self> {
        let plane = Arc::new(Plane {
            options,
            desk: Desk::default(),
            arrivals: Notify::new(),
            closing: watch::Sender::new(false),
            violations: Record::of(REMEMBERED),
            calls: Record::of(REMEMBERED),
            posts: Record::of(REMEMBERED),
            polls: watch::Sender::new(0),
            held: watch::Sender::new(0),
        });
        let scheme = door.scheme();
        let listener = Listener::open(0, door, plane.clone()).await?;
        Ok(Self {
            plane,
            listener,
            scheme,
        })
    }

    /// The base URL for the agent.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.listener.address())
    }

    /// What the agent must be told.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.plane.options
    }

    /// Queues a command for the next poll that may have it.
    pub fn enqueue(&self, command: Command) -> Pending {
        let pending = Pending::enqueue(&self.plane, command);
        self.plane.arrivals.notify_waiters();
        pending
    }

    /// Queues commands that one held poll gets together.
    pub fn enqueue_all(&self, commands: impl IntoIterator<Item = Command>) -> Vec<Pending> {
        let commands = commands.into_iter();
        let pending = commands.map(|command| Pending::enqueue(&self.plane, command));
        let pending = pending.collect();
        self.plane.arrivals.notify_waiters();
        pending
    }

    /// Spoils the next `times` polls that arrive; one that is already held is not touched.
    pub fn spoil_polls(&self, times: usize, fault: &Fault) {
        self.plane
            .desk
            .lock()
            .poll_faults
            .extend(std::iter::repeat_n(fault.clone(), times));
    }

    /// Spoils the next `times` posts that keep to the contract.
    pub fn spoil_posts(&self, times: usize, fault: &Fault) {
        self.plane
            .desk
            .lock()
            .post_faults
            .extend(std::iter::repeat_n(fault.clone(), times));
    }

    /// Spoils one poll in `one_in` from now on, by each of these faults in turn; 0 or none ends it.
    pub fn spoil_polls_at(&self, one_in: u64, faults: &[Fault]) {
        self.plane.desk.lock().poll_share = Share::new(one_in, faults);
    }

    /// The same for posts that keep to the contract.
    pub fn spoil_posts_at(&self, one_in: u64, faults: &[Fault]) {
        self.plane.desk.lock().post_share = Share::new(one_in, faults);
    }

    /// Answers every held poll at once and holds no later one, so that an agent that stops is not kept waiting. Lets go
    /// of what a [`Fault::Hold`] holds.
    pub fn close_polls(&self) {
        self.plane.closing.send_replace(true);
    }

    /// Waits until this many polls in all have arrived and kept to the contract.
    pub async fn polled(&self, times: u64) {
        let mut polls = self.plane.polls.subscribe();
        // The sender lives as long as `self`.
        let _ = polls.wait_for(|polls| *polls >= times).await;
    }

    /// Waits until a poll is held: what is queued now goes to it at once.
    pub async fn holds_a_poll(&self) {
        let mut held = self.plane.held.subscribe();
        // The sender lives as long as `self`.
        let _ = held.wait_for(|held| *held > 0).await;
    }

    /// How many polls have arrived and kept to the contract.
    #[must_use]
    pub fn poll_count(&self) -> u64 {
        *self.plane.polls.borrow()
    }

    /// Every breach of the contract so far, one sentence each.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.plane.violations.all()
    }

    /// Every request so far, with who sent it and how it was answered, in the order of the answers.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.plane.calls.all()
    }

    /// Every response post that could be read, in order, with the status it got: repeats and late ones show here.
    #[must_use]
    pub fn posts(&self) -> Vec<Post> {
        self.plane.posts.all()
    }

    /// Commands that were neither withdrawn nor answered for good.
    #[must_use]
    pub fn open_commands(&self) -> usize {
        self.plane.desk.lock().open.len()
    }

    /// Commands that no poll has taken yet.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.plane.desk.lock().queue.len()
    }

    /// Why peers were turned away during the TLS handshake.
    #[must_use]
    pub fn turned_away(&self) -> Vec<String> {
        self.listener.turned_away()
    }
}
