//! What operators see of a running agent, and the little they can do to it: one value, [`Ops`].
//!
//! - [`event`]: what can happen; [`Ops::emit`] is the one place that turns it into log, numbers and health
//! - [`state`]: what is known of the agent's health, and what it amounts to
//! - [`gate`]: the gate by hand and by cause
//! - [`log`]: lines on standard error
//! - [`metrics`]: numbers for Prometheus
//! - [`audit`]: the record of each decision, which cannot be altered unnoticed
//! - [`admin`]: the two listeners that show all this: for probes, and for the operator on this machine

pub mod admin;
pub mod audit;
pub mod event;
pub mod file;
pub mod gate;
mod kept;
pub mod log;
pub mod metrics;
pub mod reload;
pub mod request;
pub mod state;
pub mod status;
pub mod trial;
mod watch;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::audit::Audit;
use self::event::{Event, RotationEvent};
use self::gate::Gate;
use self::log::{Flood, Handle};
use self::metrics::{Known, Metrics};
use self::reload::Reloads;
use self::state::readiness::{Readiness, readiness};
use self::state::{CONTROL_PLANE, Counted, Expected, Inputs, Now, Standstill};
use self::status::{About, Status};
use self::trial::Trials;

/// What the operator's side is told at start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the agent is.
    pub about: About,
    /// What health is held against.
    pub expected: Expected,
    /// The channels whose server the policy lists: these must answer.
    pub listed: Vec<String>,
    /// The file that keeps what an operator did to the gate; `None` keeps nothing.
    pub gate: Option<PathBuf>,
}

/// The operator's side of the agent.
pub struct Ops {
    /// The gate.
    pub gate: Arc<Gate>,
    /// Where an operator's request to read every file again goes.
    pub reloads: Reloads,
    /// Where an operator's request to try a policy goes.
    pub trials: Trials,
    /// Who counts what endpoints carry.
    pub counted: Counted,
    /// The record of each decision; none in tests that need none.
    pub audit: Option<Arc<Audit>>,
    log: Handle,
    metrics: Metrics,
    flood: Flood,
    inputs: Mutex<Inputs>,
    about: About,
    policy: Mutex<status::Policy>,
    /// The readiness that was told last.
    told: tokio::sync::watch::Sender<Option<Readiness>>,
}

impl Ops {
    /// Opens it; nothing is served yet.
    #[must_use]
    pub fn new(settings: Settings, log: Handle, audit: Option<Arc<Audit>>) -> Arc<Self> {
        let Settings {
            about,
            expected,
            listed,
            gate,
        } = settings;
        let now = Now::read();
        let mut inputs = Inputs::new(expected, now);
        inputs.list(&listed, now);
        let known = Known::new(&about.tunnel, &about.channels);
        Arc::new(Self {
            gate: Arc::new(gate.map_or_else(Gate::default, Gate::kept_in)),
            reloads: Reloads::default(),
            trials: Trials::default(),
            counted: Counted::default(),
            audit,
            log,
            metrics: Metrics::new(known),
            flood: Flood::default(),
            inputs: Mutex::new(inputs),
            policy: Mutex::new(about.policy.clone()),
            about,
            told: tokio::sync::watch::Sender::new(None),
        })
    }

    /// Everything in memory, for tests and simulations: one channel, `main`.
    #[must_use]
    pub fn for_tests() -> Arc<Self> {
        let ops = Self::new(Settings::for_tests(), Handle::default(), None);
        let event = RotationEvent::Published {
            trigger: "start",
            now: &state::Generation::for_tests(),
            took: Duration::ZERO,
        };
        ops.emit(Event::Rotation(CONTROL_PLANE, event));
        ops
    }

    /// Tells that something happened.
    pub fn emit(&self, event: Event<'_>) {
        log::lines::write(&event, &self.flood);
        self.metrics.note(&event);
        self.record_event(&event);
        if !matches!(event, Event::Command(..) | Event::Peer(..)) {
            let mut inputs = self.lock();
            inputs.note(&event, Now::read());
            let refused = inputs.refused_since_change(&event);
            drop(inputs);
            if let Some(status) = refused {
                let refused = RotationEvent::SecretRefused { status };
                self.emit(Event::Rotation(CONTROL_PLANE, refused));
            }
        }
    }

    /// Another policy is in force, which lists the servers of these channels.
    pub(crate) fn now_in_force(&self, policy: status::Policy, listed: &[String]) {
        self.lock().list(listed, Now::read());
        *self.policy.lock().unwrap_or_else(PoisonError::into_inner) = policy;
    }

    /// The policy in force is on trial no more.
    pub(crate) fn trial_is_over(&self) {
        let mut policy = self.policy.lock().unwrap_or_else(PoisonError::into_inner);
        policy.trial_ends = None;
    }

    pub(crate) fn policy_in_force(&self) -> status::Policy {
        let policy = self.policy.lock();
        policy.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the agent can do its work now.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        readiness(&self.inputs(), Now::read())
    }

    /// What makes no progress, if anything.
    #[must_use]
    pub fn standstill(&self) -> Option<Standstill> {
        self.inputs().standstill(Now::read())
    }

    /// What is known now, the gate and the thread of the audit log included.
    #[must_use]
    pub fn inputs(&self) -> Inputs {
        let audit = self.audit.as_ref();
        Inputs {
            holds: self.gate.holds(),
            recording: audit.and_then(|audit| audit.busy_since()),
            ..self.lock().clone()
        }
    }

    /// Which generation an endpoint uses, and the serial number of the certificate it is shown.
    #[must_use]
    pub fn shown_to(&self, endpoint: &str) -> Option<(u64, Option<String>)> {
        let inputs = self.lock();
        let mut endpoints = inputs.endpoints.iter();
        let found = endpoints.find(|known| known.name == endpoint)?;
        let generation = found.generation.as_ref()?;
        let identity = generation.identity.as_ref();
        Some((
            generation.number,
            identity.map(|identity| identity.serial.clone()),
        ))
    }

    /// Everything worth showing.
    #[must_use]
    pub fn status(&self) -> Status {
        Status::of(self, Now::read())
    }

    /// The metrics as text.
    #[must_use]
    pub fn render_metrics(&self) -> String {
        let inputs = self.inputs();
        let now = Now::read();
        let facts = metrics::Facts {
            readiness: &readiness(&inputs, now),
            alive: inputs.standstill(now).is_none(),
            gate: self.gate.standing(),
            queue_capacity: self.about.queue_capacity,
            pool_capacity: self.about.pool_capacity,
            log_dropped: self.log.dropped(),
            version: self.about.version,
            policy: &self.policy_in_force(),
            audit: self.audit.as_ref().map(|audit| audit.standing()),
            traffic: &self.counted.read(),
            inputs: &inputs,
        };
        self.metrics.render(&facts).unwrap_or_default()
    }

    /// The log, to change its level or to wait for its last lines.
    #[must_use]
    pub const fn log(&self) -> &Handle {
        &self.log
    }

    fn lock(&self) -> MutexGuard<'_, Inputs> {
        self.inputs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Settings {
    fn for_tests() -> Self {
        Self {
            about: About {
                channels: vec!["main".to_owned()],
                ..About::default()
            },
            expected: Expected {
                poll: Duration::from_secs(35),
                call: Duration::from_secs(120),
            },
            listed: vec!["main".to_owned()],
            gate: None,
        }
    }
}
