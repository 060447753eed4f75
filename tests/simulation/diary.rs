//! Everything that happened in a run, in order: what the checker reads.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis::ops::gate::Standing;
use tokio::time::Instant;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A poll was opened.
    Polled(Standing),
    /// The relay was handed this command; until when the service waits for it.
    Handed { id: String, until: Option<Duration> },
    /// A poll that carried commands broke off.
    Broke,
    /// A server carried a message of this command out.
    Ran {
        id: String,
        upstream: String,
        gate: Standing,
    },
    /// A server finished with the call it knows by this id.
    Finished { upstream: String },
    /// A server was told that nobody waits for the call it knows by this id.
    Cancelled { upstream: String },
    /// A reply began to be posted.
    Post(Post),
    /// An intent was written.
    Intent { id: String },
    /// An outcome was recorded.
    Outcome {
        id: String,
        verdict: &'static str,
        reason: &'static str,
        reply: Result<u16, &'static str>,
    },
    /// A refusal was recorded.
    Refusal { id: String, reason: &'static str },
    /// The record of a poll that broke off.
    PollLost,
    /// An operator moved the gate.
    Gate(Standing),
    /// Polling and every task has ended.
    Drained,
}

/// One reply as the service sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    pub id: String,
    pub token: String,
    pub channel: String,
    pub terminal: bool,
    /// A judged answer.
    pub judged: bool,
    pub json: String,
}

/// What happened so far. Clones share it.
#[derive(Clone, Default)]
pub struct Diary(
    Arc<Mutex<Vec<(Duration, Fact)>>>,
    Arc<Mutex<Option<Instant>>>,
);

impl Diary {
    pub fn start(&self) {
        *self.1.lock().unwrap() = Some(Instant::now());
    }

    /// Since the start.
    pub fn now(&self) -> Duration {
        self.1
            .lock()
            .unwrap()
            .map_or(Duration::ZERO, |start| start.elapsed())
    }

    pub fn write(&self, fact: Fact) {
        let now = self.now();
        self.0.lock().unwrap().push((now, fact));
    }

    pub fn read(&self) -> Vec<(Duration, Fact)> {
        self.0.lock().unwrap().clone()
    }
}
