//! What is known of the agent's health, gathered from events; `readiness` judges it.
//!
//! Promises: bounded by the configuration: one entry for each channel and identity.

mod endpoint;
mod heart;
mod progress;
pub mod readiness;
mod server;
mod stopped;
#[cfg(test)]
mod tests;
mod traffic;
mod trouble;

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

pub use self::endpoint::{Anchor, Condition, Endpoint, Generation};
pub use self::heart::Heart;
pub use self::progress::Standstill;
pub use self::server::{QUIET, Reach, Server};
pub use self::stopped::Stopped;
pub use self::traffic::{Counted, Traffic};
pub use self::trouble::{PollTrouble, RecordTrouble};
use crate::ops::event::{AgentEvent, Event, PollEvent, PollPause, RotationEvent, ServerEvent};
use crate::ops::gate::Hold;

/// How the control plane is named among the endpoints.
pub const CONTROL_PLANE: &str = "control plane";

/// What is fixed at start.
#[derive(Clone, Debug)]
pub struct Expected {
    /// How long one poll may take in all.
    pub poll: Duration,
    /// How long one command may take in all.
    pub call: Duration,
}

/// One client identity in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Whom it is shown to: `control plane` or a channel.
    pub peer: String,
    /// The serial number of its certificate.
    pub serial: String,
    /// Who issued it.
    pub issuer: String,
    /// SHA-256 of its certificate, hexadecimal.
    pub sha256: String,
    /// SHA-256 of its public key, hexadecimal.
    pub spki: String,
    /// Valid from.
    pub not_before: SystemTime,
    /// Valid until.
    pub not_after: SystemTime,
}

/// A moment on both clocks: waits are measured on the first, people read the second.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Never set back.
    pub clock: Instant,
    /// Of the day.
    pub wall: SystemTime,
}

impl Now {
    /// This moment.
    #[must_use]
    pub fn read() -> Self {
        Self {
            clock: Instant::now(),
            wall: SystemTime::now(),
        }
    }
}

/// Everything readiness and liveness are judged by.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// What is fixed at start.
    pub expected: Expected,
    /// When the agent started.
    pub started: Now,
    /// The last poll that was answered.
    pub last_poll: Option<Now>,
    /// The trouble with polling since then.
    pub trouble: Option<PollTrouble>,
    /// Why the poll loop waits, if it does.
    pub paused: Option<PollPause>,
    /// Whether the poll loop makes progress.
    pub heart: Heart,
    /// The private servers that the policy in force lists, in the order of the configuration.
    pub servers: Vec<Server>,
    /// What is in use at each endpoint, in the order they were first told.
    pub endpoints: Vec<Endpoint>,
    /// While the control plane has answered no poll that began since what it is shown changed: whether one began.
    pub unproven: Option<bool>,
    /// Whether changes of files are told as they happen; nothing before that is known.
    pub watching: Option<bool>,
    /// Whether the clock of the day follows a time server, if anybody can tell.
    pub synchronised: Option<bool>,
    /// What holds the gate.
    pub holds: Vec<Hold>,
    /// The trouble with the audit log.
    pub audit: Option<RecordTrouble>,
    /// Since when the thread of the audit log has had work that it did not finish.
    pub recording: Option<Instant>,
    /// Since when the agent is stopping.
    pub stopping: Option<SystemTime>,
    pub(super) stopped: Vec<Stopped>,
}

impl Inputs {
    /// At start: nothing has been polled or probed, and no server is listed.
    #[must_use]
    pub fn new(expected: Expected, started: Now) -> Self {
        Self {
            servers: Vec::new(),
            heart: Heart::started(started.clock),
            expected,
            started,
            last_poll: None,
            trouble: None,
            paused: None,
            endpoints: Vec::new(),
            unproven: None,
            watching: None,
            synchronised: None,
            holds: Vec::new(),
            audit: None,
            recording: None,
            stopping: None,
            stopped: Vec::new(),
        }
    }

    /// From now on the servers of these channels must answer: what is known of a server that stays is kept, one that is new was never heard of.
    pub fn list(&mut self, channels: &[String], now: Now) {
        let mut known = std::mem::take(&mut self.servers);
        let server = |channel: &String| {
            let at = known.iter().position(|server| server.channel == *channel);
            at.map_or_else(|| Server::new(channel, now), |at| known.swap_remove(at))
        };
        self.servers = channels.iter().map(server).collect();
    }

    /// The pinned definitions of listed servers that are others now.
    pub fn stopped(&self) -> impl Iterator<Item = &Stopped> {
        let is_listed = |channel: &str| self.servers.iter().any(|server| server.channel == channel);
        let stopped = self.stopped.iter();
        stopped.filter(move |stopped| is_listed(&stopped.channel))
    }

    /// Takes an event into account.
    pub fn note(&mut self, event: &Event<'_>, now: Now) {
        match *event {
            Event::Poll(ref event) => self.poll(event, now),
            Event::Server(channel, event) => self.server(channel, event, now),
            Event::Agent(AgentEvent::Stopping { .. }) => self.stopping = Some(now.wall),
            Event::Agent(AgentEvent::AuditWritable) => self.audit = None,
            Event::Agent(AgentEvent::AuditSpooling { why }) => self.unrecorded(why, true, now),
            Event::Agent(AgentEvent::AuditFailing { why }) => self.unrecorded(why, false, now),
            Event::Agent(AgentEvent::Watching) => self.watching = Some(true),
            Event::Agent(AgentEvent::NotWatching { .. }) => self.watching = Some(false),
            Event::Agent(AgentEvent::ClockSynchronised { synchronised }) => {
                self.synchronised = synchronised;
            }
            Event::Rotation(name, ref event) => self.rotation(name, event, now),
            Event::Agent(
                AgentEvent::Drained
                | AgentEvent::PolicyInForce { .. }
                | AgentEvent::PolicyTrial { .. }
                | AgentEvent::PolicyEnds { .. }
                | AgentEvent::WatchOverflow
                | AgentEvent::ClockJumped { .. },
            )
            | Event::Peer(..)
            | Event::Command(..) => {}
            Event::Definition(channel, ref event) => {
                stopped::note(&mut self.stopped, channel, event)
            }
        }
    }

    fn rotation(&mut self, name: &str, event: &RotationEvent<'_>, now: Now) {
        if !self.endpoints.iter().any(|known| known.name == name) {
            self.endpoints.push(Endpoint::new(name, now));
        }
        if let RotationEvent::Published { trigger, .. } = event
            && name == CONTROL_PLANE
            && *trigger != "start"
        {
            self.unproven = Some(false);
        }
        let mut endpoints = self.endpoints.iter_mut();
        if let Some(endpoint) = endpoints.find(|known| known.name == name) {
            endpoint.note(event, now);
        }
    }

    fn unrecorded(&mut self, why: &str, spools: bool, now: Now) {
        let since = self.audit.take().map_or(now.wall, |trouble| trouble.since);
        self.audit = Some(RecordTrouble {
            since,
            why: why.to_owned(),
            spools,
        });
    }

    fn poll(&mut self, event: &PollEvent<'_>, now: Now) {
        self.heart.beat(event, &self.expected, now.clock);
        match *event {
            PollEvent::Started { .. } => {
                self.paused = None;
                self.unproven = self.unproven.map(|_| true);
            }
            PollEvent::Paused(why) => self.paused = Some(why),
            PollEvent::Stopped => {}
            PollEvent::Answered { .. } => {
                self.last_poll = Some(now);
                self.trouble = None;
                self.unproven.take_if(|has_begun| *has_begun);
            }
            PollEvent::Failed(failure) => {
                let since = self
                    .trouble
                    .take()
                    .map_or(now.wall, |trouble| trouble.since);
                self.trouble = Some(PollTrouble {
                    fault: failure.fault,
                    error: failure.error.to_owned(),
                    remedy: failure.remedy,
                    since,
                });
            }
        }
    }

    fn server(&mut self, channel: &str, event: ServerEvent, now: Now) {
        let known = self
            .servers
            .iter_mut()
            .find(|server| server.channel == channel);
        if let Some(server) = known {
            server.note(event, now);
        }
    }
}
