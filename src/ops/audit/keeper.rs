//! The one thread of the log: writes what nobody waits for 10 ms after it came, signs a checkpoint a second, closes what was counted, and tries
//! again once a second while the log cannot be written. With nothing to do it sleeps without a timer.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::time::Instant;

use super::encode;
use super::log::Log;
use super::stamp::is_over;
use super::writer::{Shared, lock};

/// How long a record that nobody waits for may wait.
const DRAIN: Duration = Duration::from_millis(10);
/// How often a checkpoint is signed, and a failed write tried again.
const BEAT: u64 = 1_000_000;

pub(super) fn run(shared: &Arc<Shared>) {
    let mut signed_at = 0;
    let mut wait = None;
    while rest(shared, wait) {
        shared.count_wakeup();
        begin(shared);
        wait = beat(shared, &mut signed_at);
        end(shared);
    }
}

/// Sleeps until there is something to do; `false` when the log is over.
fn rest(shared: &Shared, wait: Option<Duration>) -> bool {
    let idle = |queue: &mut super::writer::Queue| !queue.is_called && !queue.is_over;
    let queue = lock(&shared.queue);
    let queue = match wait {
        Some(wait) => shared
            .work
            .wait_timeout_while(queue, wait, idle)
            .map(|(queue, _)| queue)
            .ok(),
        None => shared.work.wait_while(queue, idle).ok(),
    };
    let Some(queue) = queue else { return false };
    let (called, over) = (queue.is_called, queue.is_over);
    drop(queue);
    if called && !over {
        thread::sleep(DRAIN);
        lock(&shared.queue).is_called = false;
    }
    !over
}

/// Says that the keeper works, for whoever watches that it makes progress.
fn begin(shared: &Shared) {
    lock(&shared.queue).busy_since = Some(Instant::now());
}

/// Says that it has come round; what it was called for meanwhile is due from now on.
fn end(shared: &Shared) {
    let mut queue = lock(&shared.queue);
    queue.busy_since = queue.is_called.then(Instant::now);
}

/// Does what is due, and says when the next thing is.
fn beat(shared: &Arc<Shared>, signed_at: &mut u64) -> Option<Duration> {
    let now = shared.clock.micros();
    if shared.is_writable() {
        let over = lock(&shared.repeats).close(now, false);
        for repeated in &over {
            shared.add_quietly(encode::repeated(repeated, now));
        }
    }
    shared.release_notes();
    shared.drain();
    let sign_due = sign(shared, signed_at, now);
    shared.release_notes();
    // While the log fails, counts wait for it and not for their second.
    let repeats_due = shared
        .is_writable()
        .then(|| lock(&shared.repeats).due())
        .flatten();
    let due = [repeats_due, sign_due].into_iter().flatten().min()?;
    Some(Duration::from_micros(
        due.saturating_sub(now).clamp(1000, BEAT),
    ))
}

/// Signs what is unsigned once a second; while the log fails, tries it again as often.
fn sign(shared: &Shared, signed_at: &mut u64, now: u64) -> Option<u64> {
    let due = signed_at.saturating_add(BEAT);
    if !is_pending(&lock(&shared.log)) {
        return None;
    }
    if !is_over(*signed_at, BEAT, now) {
        return Some(due);
    }
    *signed_at = now;
    let mut log = lock(&shared.log);
    log.recover(now);
    shared.tell(&log);
    drop(log);
    let signed = checkpoint(shared);
    (signed.is_err() || is_pending(&lock(&shared.log))).then_some(now + BEAT)
}

fn is_pending(log: &Log) -> bool {
    log.is_unsigned() || log.failing().is_some()
}

/// Makes the records so far durable, without holding up those who write, and signs them.
pub(super) fn checkpoint(shared: &Shared) -> std::io::Result<()> {
    let (head, sync) = lock(&shared.log).head()?;
    let synced = sync();
    let mut log = lock(&shared.log);
    if let Err(error) = &synced {
        log.doubt(error, shared.clock.micros());
    }
    let signed = synced.and_then(|()| log.sign(&head));
    shared.tell(&log);
    signed
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ops::audit::key::Signer;
    use crate::ops::audit::log::{Bounds, Position};
    use crate::ops::audit::stamp::Clock;
    use crate::ops::audit::{
        Audit, Decided, Durability, Health, Memory, Note, NoteKind, Settings, Terms,
    };

    /// Waits until everything is written and signed.
    fn rests(audit: &Audit) {
        let is_done = || {
            let standing = audit.standing();
            audit.busy_since().is_none() && standing.signed == standing.records
        };
        while !is_done() {
            thread::yield_now();
        }
    }

    /// A log in memory with a keeper of its own.
    fn kept_in_memory(terms: Terms) -> (Audit, Memory) {
        let memory = Memory::default();
        let (signer, _) = Signer::generate("portcullis/test").unwrap();
        let bounds = Bounds {
            bytes: u64::MAX,
            age_micros: u64::MAX,
        };
        let place = Box::new(memory.clone());
        let mut log = Log::new(place, Position::start(), bounds, "portcullis/test", signer);
        log.begin_segment(Clock::system().micros()).unwrap();
        let audit = Audit::over(log, Clock::system(), terms, true);
        audit.start_keeper().unwrap();
        (audit, memory)
    }

    async fn becomes_writable(audit: &Audit) {
        let mut health = audit.health();
        let writable = health.wait_for(|health| *health == Health::Writable).await;
        drop(writable.unwrap());
    }

    /// Nobody calls the log while it fails: its own thread tries again, writes what waits and signs it.
    #[tokio::test]
    async fn the_keeper_recovers_a_full_disk_by_itself() {
        let (audit, memory) = kept_in_memory(Terms::default());
        memory.fill_after(0);
        assert!(audit.intent(&Decided::default()).await.is_err());
        audit.note(&Note {
            kind: NoteKind::Lowered,
            fields: &[],
        });
        memory.clear();
        becomes_writable(&audit).await;
        while !memory.records().concat().contains("\"kind\":\"lowered\"") {
            tokio::task::yield_now().await;
        }
        rests(&audit);
    }

    /// Under both durabilities: a sync that fails aside stops the log, nothing is signed, and the keeper settles it.
    #[tokio::test]
    async fn the_keeper_signs_nothing_that_a_failed_sync_left_in_doubt() {
        for durability in [Durability::Written, Durability::Synced] {
            let (audit, memory) = kept_in_memory(Terms {
                durability,
                ..Terms::default()
            });
            rests(&audit);
            memory.fail_syncs(true);
            let _intent = audit.intent(&Decided::default()).await;
            let mut health = audit.health();
            let failing = |health: &Health| *health != Health::Writable;
            drop(health.wait_for(failing).await.unwrap());
            let signed = audit.standing().signed;
            assert!(signed < audit.standing().records);
            memory.fail_syncs(false);
            becomes_writable(&audit).await;
            drop(audit.intent(&Decided::default()).await.unwrap());
            rests(&audit);
            assert_eq!(memory.after_power_cut(), memory.records());
        }
    }

    #[test]
    fn a_write_that_hangs_is_seen_and_hangs_nobody_who_asks() {
        let dir = tempfile::tempdir().unwrap();
        let settings = Settings::new(dir.path().join("audit"), "portcullis/test".to_owned());
        let audit = Audit::open(&settings).unwrap();
        rests(&audit);
        let before = audit.standing();
        assert_eq!((before.records, before.segment), (3, 1));
        let hangs = lock(&audit.shared.log);
        audit.note(&Note {
            kind: NoteKind::Reload,
            fields: &[],
        });
        assert!(audit.busy_since().is_some());
        assert_eq!(audit.standing(), before);
        drop(hangs);
        rests(&audit);
        assert_eq!(audit.standing().records, 4);
    }
}
