//! From a folder to a running log, and back: start, stop, and the change of the key while no agent runs.

use std::fs;
use std::io;
use std::sync::{Arc, PoisonError};
use std::thread;

use super::encode;
use super::fault::Fault;
use super::folder::{NEXT_KEY, SIGNING_KEY};
use super::key::{self, Signer};
use super::log::{Body, Bounds, Log};
use super::settings::{OnWriteFailure, Settings};
use super::writer::lock;
use super::{Audit, keeper, start};

impl Audit {
    /// Opens the log of a folder, makes its key on the first start, and records the start.
    ///
    /// # Errors
    /// [`Fault`]: the folder cannot be used, another agent uses it, the key can be read by others, or the log was altered.
    pub fn open(settings: &Settings) -> Result<Self, Fault> {
        let clock = settings.clock.clone();
        let now = clock.micros();
        let resumed = start::resume(&settings.dir, &settings.origin, now)?;
        let (torn, is_new_key) = (resumed.torn, resumed.is_new_key);
        let verifier = resumed.signer.verifier().text();
        let mut log = begin(resumed, settings, now)?;
        if is_new_key {
            record(&mut log, key_record(&verifier, None, now), now)?;
        }
        record(&mut log, start_record(settings, &verifier, torn, now), now)?;
        let audit = Self::over(log, clock, settings.terms, true);
        audit.start_keeper()?;
        Ok(audit)
    }

    pub(super) fn start_keeper(&self) -> Result<(), Fault> {
        let shared = Arc::clone(&self.shared);
        let named = thread::Builder::new().name("audit".to_owned());
        let started = named.spawn(move || keeper::run(&shared));
        let handle = started.map_err(|error| {
            Fault::new(format!("no thread: {error}"), "raise the limit of threads")
        })?;
        *lock(&self.keeper) = Some(handle);
        self.shared.call_keeper(&mut lock(&self.shared.queue));
        Ok(())
    }

    /// Writes what waits, records the stop with its reason, signs, and ends the thread. A checkpoint before the stop and one after it leave no
    /// record that only the chain protects. Call it when nothing is recorded any more.
    ///
    /// # Errors
    /// When something that was promised could not be written or signed: say so loudly.
    pub fn stop(&self, reason: &str) -> io::Result<()> {
        self.flush();
        // What fails here is tried again with the record of the stop.
        let _ = keeper::checkpoint(&self.shared);
        let now = self.shared.clock.micros();
        let mut line = encode::open("stop", now);
        line.text("reason", reason);
        self.shared.add_quietly(line.into_bytes());
        self.end_keeper();
        self.shared.drain();
        if let Some(failing) = lock(&self.shared.log).failing() {
            return Err(io::Error::other(failing.reason.clone()));
        }
        keeper::checkpoint(&self.shared)
    }

    pub(super) fn end_keeper(&self) {
        lock(&self.shared.queue).is_over = true;
        self.shared.work.notify_one();
        let handle = self
            .keeper
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(handle) = handle {
            let _ = handle.join();
        }
    }
}

fn begin(resumed: start::Resumed, settings: &Settings, now: u64) -> Result<Log, Fault> {
    let bounds = Bounds {
        bytes: settings.segment_bytes,
        age_micros: settings
            .segment_age
            .as_micros()
            .try_into()
            .unwrap_or(u64::MAX),
    };
    let is_new = resumed.position.number == 0;
    let mut log = Log::new(
        Box::new(resumed.folder),
        resumed.position,
        bounds,
        &settings.origin,
        resumed.signer,
    );
    if is_new {
        log.begin_segment(now)
            .map_err(|error| Fault::io("begin a segment in", &settings.dir, &error))?;
    } else {
        // The last run may have ended after a sync that failed.
        log.settle()
            .map_err(|error| Fault::io("make durable what is in", &settings.dir, &error))?;
    }
    Ok(log)
}

fn record(log: &mut Log, bytes: Vec<u8>, now: u64) -> Result<(), Fault> {
    let body = Body {
        bytes,
        is_intent: false,
    };
    log.append(&[body], OnWriteFailure::Deny, now);
    match log.failing() {
        None => Ok(()),
        Some(failing) => Err(Fault::new(
            failing.reason.clone(),
            "make room on the disk of the state folder",
        )),
    }
}

fn start_record(settings: &Settings, verifier: &str, torn: u64, now: u64) -> Vec<u8> {
    let mut line = encode::open("start", now);
    line.text("version", env!("CARGO_PKG_VERSION"));
    line.text("origin", &settings.origin);
    line.text("verifier", verifier);
    line.number("process", u64::from(std::process::id()));
    line.number("torn_bytes", torn);
    line.into_bytes()
}

fn key_record(verifier: &str, replaces: Option<&str>, now: u64) -> Vec<u8> {
    let mut line = encode::open("key", now);
    line.text("verifier", verifier);
    line.text_if("replaces", replaces);
    line.into_bytes()
}

/// Changes the signing key while no agent runs: the old key signs a checkpoint over the record that names the new one. Gives the new verifier key.
///
/// # Errors
/// As [`Audit::open`]. What was interrupted is finished or undone by the next start.
pub fn change_key(settings: &Settings) -> Result<String, Fault> {
    let now = settings.clock.micros();
    let dir = &settings.dir;
    let failed = |error: io::Error| Fault::io("change the key of", dir, &error);
    let resumed = start::resume(dir, &settings.origin, now)?;
    let (next, pem) = Signer::generate(&settings.origin)?;
    key::create(&dir.join(NEXT_KEY), 0o600, &pem).map_err(failed)?;
    let old = resumed.signer.verifier().text();
    let new = next.verifier().text();
    let mut log = begin(resumed, settings, now)?;
    record(&mut log, key_record(&new, Some(&old), now), now)?;
    log.sync_or_fail(now)
        .and_then(|()| log.checkpoint())
        .map_err(failed)?;
    start::write_verifier(dir, &next)?;
    fs::rename(dir.join(NEXT_KEY), dir.join(SIGNING_KEY)).map_err(failed)?;
    Ok(new)
}
