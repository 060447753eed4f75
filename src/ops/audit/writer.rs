//! Who writes when. A caller that finds a write under way queues; the one who writes takes all that wait, in one `write`.
//!
//! Promises: a call to `write` never happens with the queue locked; whoever has the turn gives it back, even by a panic. Under
//! [`Durability::Synced`] the turn is taken by a thread for blocking work, so that `fdatasync` holds up no other task.
//!
//! Leaves to others: what is written (`log`), and writing what nobody waits for (`keeper`).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::coalesce::Repeats;
use super::held::Held;
use super::log::{Body, Log};
use super::record::Ended;
use super::settings::{Durability, Terms};
use super::stamp::Clock;
use super::standing::Told;
use super::{Health, Intent, Unrecorded};

/// What all holders of the log share.
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) queue: Mutex<Queue>,
    pub(super) work: Condvar,
    pub(super) log: Mutex<Log>,
    pub(super) repeats: Mutex<Repeats>,
    pub(super) held: Mutex<Held>,
    pub(super) terms: Mutex<Terms>,
    pub(super) health: watch::Sender<Health>,
    /// Without a keeper, whoever adds a record writes it.
    pub(super) has_keeper: bool,
    pub(super) wakeups: AtomicU64,
    pub(super) told: Told,
}

/// Records that wait to be written.
#[derive(Default)]
pub(super) struct Queue {
    entries: Vec<Entry>,
    writing: bool,
    /// The keeper was told that there is something to do.
    pub(super) is_called: bool,
    pub(super) is_over: bool,
    /// Since when the keeper has had work that it did not finish.
    pub(super) busy_since: Option<Instant>,
}

/// So many records wait at most; who adds one more writes them.
const MOST_WAITING: usize = 1024;

struct Entry {
    body: Body,
    waiter: Option<Waiter>,
}

/// Who waits for an intent.
struct Waiter {
    correlation: u128,
    answer: oneshot::Sender<Result<Intent, Unrecorded>>,
}

impl Shared {
    pub(super) fn terms(&self) -> Terms {
        *lock(&self.terms)
    }

    /// Writes an intent, or waits until who writes has written it.
    pub(super) async fn intent(
        self: &Arc<Self>,
        body: Vec<u8>,
        correlation: u128,
    ) -> Result<Intent, Unrecorded> {
        let (answer, written) = oneshot::channel();
        let waiter = Waiter {
            correlation,
            answer,
        };
        let mine = self.add(body, Some(waiter));
        if mine {
            self.take_turn().await;
        }
        written.await.unwrap_or(Err(Unrecorded))
    }

    async fn take_turn(self: &Arc<Self>) {
        match self.terms().durability {
            Durability::Written => self.write_waiting(),
            Durability::Synced => {
                let shared = Arc::clone(self);
                // Runs to its end even if the caller goes away.
                let _ = tokio::task::spawn_blocking(move || shared.write_waiting()).await;
            }
        }
    }

    /// Adds a record that nobody waits for.
    pub(super) fn add_quietly(self: &Arc<Self>, body: Vec<u8>) {
        let mine = self.add(body, None);
        if mine {
            self.write_waiting();
        }
    }

    /// Queues a record; `true` if the caller has the turn to write.
    fn add(&self, bytes: Vec<u8>, waiter: Option<Waiter>) -> bool {
        let is_intent = waiter.is_some();
        let body = Body { bytes, is_intent };
        let mut queue = lock(&self.queue);
        queue.entries.push(Entry { body, waiter });
        let now = is_intent || !self.has_keeper || queue.entries.len() > MOST_WAITING;
        let mine = now && !queue.writing;
        queue.writing |= mine;
        self.call_keeper(&mut queue);
        mine
    }

    /// Tells the keeper once that there is something to do.
    pub(super) fn call_keeper(&self, queue: &mut Queue) {
        if self.has_keeper && !queue.is_called {
            queue.is_called = true;
            queue.busy_since.get_or_insert_with(Instant::now);
            self.work.notify_one();
        }
    }

    /// Writes what waits, if nobody else does.
    pub(super) fn drain(self: &Arc<Self>) {
        let mut queue = lock(&self.queue);
        let mine = !queue.writing && !queue.entries.is_empty();
        queue.writing |= mine;
        drop(queue);
        if mine {
            self.write_waiting();
        }
    }

    /// Writes until no intent waits. The caller has the turn.
    fn write_waiting(self: &Arc<Self>) {
        let turn = Turn(self);
        while let Some(entries) = turn.next() {
            self.write(entries);
        }
    }

    fn write(self: &Arc<Self>, entries: Vec<Entry>) {
        let (bodies, waiters): (Vec<Body>, Vec<_>) = entries
            .into_iter()
            .map(|entry| (entry.body, entry.waiter))
            .unzip();
        let (indexes, is_durable) = self.append(&bodies);
        for (waiter, index) in waiters.into_iter().zip(indexes) {
            if let Some(waiter) = waiter {
                let intent = index.map(|index| Intent::new(self, index, waiter.correlation));
                // A caller that has gone drops its intent, and that records the command as lost.
                let _ = waiter.answer.send(granted(intent, is_durable));
            }
        }
    }

    /// The indexes, and whether they may be relied on.
    fn append(&self, bodies: &[Body]) -> (Vec<Option<u64>>, bool) {
        let terms = self.terms();
        let mut log = lock(&self.log);
        let indexes = log.append(bodies, terms.on_write_failure, self.clock.micros());
        let must_sync = terms.durability == Durability::Synced && log.failing().is_none();
        let is_durable = !must_sync || log.sync_or_fail(self.clock.micros()).is_ok();
        if !is_durable {
            let intents = bodies.iter().filter(|body| body.is_intent);
            intents.for_each(|_| log.deny());
        }
        self.tell(&log);
        (indexes, is_durable)
    }

    /// Publishes how far the log is, and whether it can be written when that changed.
    pub(super) fn tell(&self, log: &Log) {
        self.told.tell(log.standing());
        let health = Health::of(log.failing());
        self.health.send_if_modified(|told| {
            let changed = *told != health;
            *told = health;
            changed
        });
    }

    /// Whether what is added now is written soon.
    pub(super) fn is_writable(&self) -> bool {
        *self.health.borrow() == Health::Writable
    }

    pub(super) fn count_wakeup(&self) {
        self.wakeups.fetch_add(1, Ordering::Relaxed);
    }
}

/// An intent that was written and could not be made durable is not granted: its record gets the outcome that says so.
fn granted(intent: Option<Intent>, is_durable: bool) -> Result<Intent, Unrecorded> {
    let intent = intent.ok_or(Unrecorded)?;
    if is_durable {
        return Ok(intent);
    }
    intent.end(&Ended {
        verdict: "deny",
        reason: Some("audit_unavailable"),
        ..Ended::default()
    });
    Err(Unrecorded)
}

/// The turn to write; given back when dropped.
struct Turn<'a>(&'a Shared);

impl Turn<'_> {
    /// What waits. `None` gives the turn back under the same lock, so that nobody who comes then waits in vain.
    fn next(&self) -> Option<Vec<Entry>> {
        let mut queue = lock(&self.0.queue);
        if queue.entries.is_empty() {
            queue.writing = false;
            return None;
        }
        Some(std::mem::take(&mut queue.entries))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            lock(&self.0.queue).writing = false;
        }
    }
}

/// A lock whose last holder may have panicked: what it guards is consistent after every step.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
