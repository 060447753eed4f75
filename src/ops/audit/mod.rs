//! The audit log: each decision leaves one record, and no record can be altered unnoticed.
//!
//! Promises: an intent is written before its call is forwarded; every intent gets one outcome; nothing that was promised is forgotten while the
//! process lives. Records are leaves of a Merkle tree whose heads are signed (`docs/audit.md`).
//!
//! Leaves to others: what the words in the records mean, and lowering the gate while the log cannot be written ([`Audit::health`]).

pub mod checkpoint;
mod coalesce;
mod digest;
mod encode;
mod fault;
mod folder;
mod held;
mod intent;
mod keeper;
mod key;
mod line;
mod log;
mod memory;
mod open;
mod owned;
mod place;
pub mod prove;
pub mod query;
pub mod read;
mod record;
mod settings;
mod stamp;
mod standing;
mod start;
pub mod tree;
pub mod verify;
mod writer;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use tokio::sync::watch;
use tokio::time::Instant;

pub use digest::{Digest, sha256};
pub use fault::Fault;
pub use intent::Intent;
pub use memory::Memory;
pub use open::change_key;
pub use record::{Decided, Durations, Ended, Field, Identity, Note, NoteKind, Policy, Refusal};
pub use settings::{Arguments, Durability, OnWriteFailure, Settings, Terms};
pub use stamp::{Clock, rfc3339};
pub use standing::Standing;

use key::Signer;
use log::{Bounds, Failing, Log, Position};
use standing::Told;
use writer::{Queue, Shared, lock};

/// The intent could not be recorded: refuse the call, reason `audit_unavailable`, retryable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit log cannot be written")]
pub struct Unrecorded;

/// Whether the log can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It can.
    Writable,
    /// It cannot; records wait in memory and calls go on. An alarm.
    Spooling {
        /// What the system said.
        reason: String,
    },
    /// It cannot, and no call is forwarded: lower the gate until this changes.
    Failing {
        /// What the system said.
        reason: String,
    },
}

impl Health {
    fn of(failing: Option<&Failing>) -> Self {
        match failing {
            None => Self::Writable,
            Some(failing) if failing.denies => Self::Failing {
                reason: failing.reason.clone(),
            },
            Some(failing) => Self::Spooling {
                reason: failing.reason.clone(),
            },
        }
    }
}

/// The audit log of a running agent.
pub struct Audit {
    shared: Arc<Shared>,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

impl Audit {
    /// A log in memory without a thread of its own: everything is written by who records it. Time is tokio's, so a test can stop it.
    ///
    /// # Errors
    /// When the system has no entropy for a key.
    pub fn in_memory(terms: Terms) -> Result<(Self, Memory), Fault> {
        let memory = Memory::default();
        let (signer, _) = Signer::generate("portcullis/memory")?;
        let position = Position::start();
        let bounds = Bounds {
            bytes: u64::MAX,
            age_micros: u64::MAX,
        };
        let mut log = Log::new(
            Box::new(memory.clone()),
            position,
            bounds,
            "portcullis/memory",
            signer,
        );
        let clock = Clock::still();
        log.begin_segment(clock.micros())
            .map_err(|error| Fault::new(error.to_string(), "give the memory room"))?;
        Ok((Self::over(log, clock, terms, false), memory))
    }

    fn over(log: Log, clock: Clock, terms: Terms, has_keeper: bool) -> Self {
        let told = Told::default();
        told.tell(log.standing());
        let shared = Shared {
            clock,
            queue: Mutex::new(Queue::default()),
            work: Condvar::new(),
            log: Mutex::new(log),
            repeats: Mutex::default(),
            held: Mutex::default(),
            terms: Mutex::new(terms),
            health: watch::Sender::new(Health::Writable),
            has_keeper,
            wakeups: AtomicU64::new(0),
            told,
        };
        Self {
            shared: Arc::new(shared),
            keeper: Mutex::new(None),
        }
    }

    /// Records that a call is about to be forwarded. Written when this returns.
    ///
    /// # Errors
    /// [`Unrecorded`] when it could not be: the call must not be forwarded.
    pub async fn intent(&self, decided: &Decided<'_>) -> Result<Intent, Unrecorded> {
        let arguments = self.shared.terms().arguments;
        let body = encode::intent(decided, arguments, self.shared.clock.micros());
        self.shared.intent(body, decided.correlation).await
    }

    /// Records how a forwarded call ended. Written within 10 ms.
    pub fn outcome(&self, intent: Intent, ended: &Ended<'_>) {
        intent.end(ended);
    }

    /// Records a refusal. Refusals alike within one second are counted after the first.
    pub fn refusal(&self, decided: &Decided<'_>, refusal: &Refusal<'_>) {
        let now = self.shared.clock.micros();
        let mut repeats = lock(&self.shared.repeats);
        if !self.shared.is_writable() {
            return repeats.count_all(decided, refusal, now);
        }
        let over = repeats.close_if_due(now);
        let is_first = repeats.count(decided, refusal, now);
        drop(repeats);
        self.record_repeats(&over, now);
        if is_first {
            let arguments = self.shared.terms().arguments;
            self.shared
                .add_quietly(encode::refusal(decided, refusal, arguments, now));
        }
    }

    fn record_repeats(&self, over: &[coalesce::Repeated], now: u64) {
        for repeated in over {
            self.shared.add_quietly(encode::repeated(repeated, now));
        }
    }

    /// Records something that is not one command.
    pub fn note(&self, note: &Note<'_>) {
        let now = self.shared.clock.micros();
        self.shared.add_note(encode::note(note, now));
    }

    /// Writes what waits, with the refusals counted so far.
    pub fn flush(&self) {
        let now = self.shared.clock.micros();
        let over = lock(&self.shared.repeats).close(now, true);
        self.record_repeats(&over, now);
        self.shared.release_notes();
        self.shared.drain();
    }

    /// Adopts what a reloaded policy says.
    pub fn adopt(&self, terms: Terms) {
        *lock(&self.shared.terms) = terms;
    }

    /// How often the thread of the log woke up.
    #[must_use]
    pub fn wakeups(&self) -> u64 {
        self.shared.wakeups.load(Ordering::Relaxed)
    }

    /// Whether the log can be written, now and from now on.
    #[must_use]
    pub fn health(&self) -> watch::Receiver<Health> {
        self.shared.health.subscribe()
    }

    /// How far the log is. Never waits for a write.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.shared.told.read()
    }

    /// Since when the thread of the log has had work that it did not finish; `None` while it rests. Never waits for a write.
    #[must_use]
    pub fn busy_since(&self) -> Option<Instant> {
        lock(&self.shared.queue).busy_since
    }
}

impl Drop for Audit {
    /// Ends the thread. What waits is written, without the record of a stop.
    fn drop(&mut self) {
        self.end_keeper();
        self.shared.drain();
    }
}
