//! A policy on trial: it decides instead of the file for a time, and then the file does again by itself, unless it was saved there.
//!
//! Promises: the agent writes no policy file, so whatever ends it ends the trial; a file that somebody saves meanwhile ends it as well.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::ops::Ops;
use crate::ops::audit::sha256;
use crate::ops::event::{AgentEvent, Event, TrialPhase};
use crate::rotate::port::Digest;

/// See the module.
pub(in crate::app) struct OnTrial {
    ops: Arc<Ops>,
    tried: Mutex<Option<Tried>>,
    moved: Notify,
}

struct Tried {
    text: Vec<u8>,
    digest: Digest,
    /// What the file said.
    before: Vec<u8>,
    until: Instant,
    /// In the clock of the day, for who is told.
    ends: SystemTime,
    over: bool,
}

impl OnTrial {
    pub(super) fn new(ops: Arc<Ops>) -> Self {
        Self {
            ops,
            tried: Mutex::default(),
            moved: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Tried>> {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a policy is on trial.
    pub(super) fn is_under_way(&self) -> bool {
        self.lock().is_some()
    }

    /// From now on this text is read instead of the file, which says `before`.
    pub(super) fn begin(&self, text: Vec<u8>, before: Vec<u8>, within: Duration) {
        let digest = sha256(&text);
        *self.lock() = Some(Tried {
            digest,
            text,
            before,
            until: Instant::now() + within,
            ends: SystemTime::now() + within,
            over: false,
        });
        self.tell(TrialPhase::Begun, digest);
    }

    /// The time is over.
    pub(super) fn end(&self) {
        if let Some(tried) = self.lock().as_mut() {
            tried.over = true;
        }
    }

    /// Nothing is left of it: the file is read again.
    pub(super) fn forget(&self) {
        let tried = self.lock().take();
        if let Some(tried) = tried {
            self.tell(TrialPhase::Ended, tried.digest);
        }
    }

    /// Until when a policy with this digest decides, if it is the one on trial.
    pub(super) fn ends(&self, digest: &Digest) -> Option<SystemTime> {
        let tried = self.lock();
        tried
            .as_ref()
            .filter(|tried| tried.digest == *digest)
            .map(|tried| tried.ends)
    }

    /// Returns when the trial is over and the file has to be read again.
    pub(super) async fn over(&self) {
        loop {
            let until = self.lock().as_ref().map(|tried| (tried.over, tried.until));
            match until {
                Some((true, _)) => return,
                Some((false, until)) if until <= Instant::now() => return self.end(),
                Some((false, until)) => tokio::select! {
                    () = tokio::time::sleep_until(until) => {}
                    () = self.moved.notified() => {}
                },
                None => self.moved.notified().await,
            }
        }
    }

    /// What is read: the text on trial, or what the file says. When a trial is over, first what the file said before, which loads, while the
    /// text on trial is still `in_force`: the file may be in doubt meanwhile.
    pub(super) fn read(&self, file: io::Result<Vec<u8>>, in_force: &Digest) -> io::Result<Vec<u8>> {
        let mut kept = self.lock();
        let Some(tried) = kept.as_mut() else {
            return file;
        };
        if file.as_ref().is_ok_and(|text| *text == tried.text) {
            let digest = tried.digest;
            *kept = None;
            drop(kept);
            self.tell(TrialPhase::Kept, digest);
            return file;
        }
        let is_untouched = file.as_ref().map_or(true, |text| *text == tried.before);
        if !tried.over && is_untouched && Instant::now() < tried.until {
            return Ok(tried.text.clone());
        }
        tried.over = true;
        self.moved.notify_one();
        match tried.digest == *in_force {
            true => Ok(tried.before.clone()),
            false => file,
        }
    }

    fn tell(&self, phase: TrialPhase, sha256: Digest) {
        self.ops
            .emit(Event::Agent(AgentEvent::PolicyTrial { phase, sha256 }));
        if phase != TrialPhase::Begun {
            self.ops.trial_is_over();
        }
        self.moved.notify_one();
    }
}
