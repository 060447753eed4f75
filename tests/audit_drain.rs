//! A stop while an intent still waits for a slow disk, under `durability = "synced"`: nothing is forwarded before its intent is durable, and nobody
//! who waits is left without an answer.
#![cfg(feature = "demo")]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::sync::Arc;

use portcullis::ops::audit::{Audit, Durability, Memory, Terms};
use portcullis::relay::audited::{Audited, Shown};
use portcullis::relay::polling;
use portcullis_policy::permit::Origin;
use serde_json::Value;
use support::desk::Desk;
use support::script::Scripted;
use support::{CALL, element, polled};
use tokio::task::yield_now;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const CALLS: [&str; 3] = ["r-1", "r-2", "r-3"];
/// So often everything that can run has run.
const TURNS: usize = 1000;

/// An agent that was told to stop while the intents of [`CALLS`] wait for the disk.
struct Stopped {
    desk: Desk,
    servers: Scripted,
    audit: Arc<Audit>,
    memory: Memory,
    tasks: TaskTracker,
}

impl Stopped {
    async fn with_calls_that_wait() -> Self {
        let terms = Terms {
            durability: Durability::Synced,
            ..Terms::default()
        };
        let (audit, memory) = Audit::in_memory(terms).unwrap();
        memory.hold_syncs(true);
        let audit = Arc::new(audit);
        let (desk, servers) = (Desk::new(), Scripted::willing());
        desk.queue(Ok(polled(&CALLS.map(|id| element(id, "main", "", CALL)))));
        // The poll after the first is answered at once, and the loop rests when it is told to stop.
        desk.queue(Ok(Vec::new()));
        let records = Audited {
            audit: Arc::clone(&audit),
            shown: Box::new(|_| Shown::default()),
        };
        let relay = Arc::new(support::recorded(desk.clone(), servers.clone(), records));
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let poller = tokio::spawn(polling::poll(relay, stop.clone(), tasks.clone()));
        while memory.held_syncs() == 0 {
            yield_now().await;
        }
        stop.cancel();
        poller.await.unwrap();
        tasks.close();
        Self {
            desk,
            servers,
            audit,
            memory,
            tasks,
        }
    }

    /// Everything that can go on while the disk is slow has gone on.
    async fn assert_waits(&self) {
        for _ in 0..TURNS {
            yield_now().await;
        }
        assert_eq!(self.tasks.len(), CALLS.len(), "the drain awaits them");
        assert!(self.servers.asked().is_empty(), "no intent is durable yet");
        assert!(self.desk.posts().is_empty(), "{:?}", self.desk.posts());
    }

    async fn drain(&self) {
        self.memory.hold_syncs(false);
        self.tasks.wait().await;
    }

    /// Every record that a power cut would leave.
    fn durable(&self, kind: &str) -> Vec<Value> {
        let lines = self.memory.after_power_cut();
        let records = lines
            .iter()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        records.filter(|record| record["kind"] == kind).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_intent_waits_for_the_disk_runs_before_the_stop() {
    let stopped = Stopped::with_calls_that_wait().await;
    stopped.assert_waits().await;
    stopped.drain().await;
    for id in CALLS {
        assert_eq!(stopped.desk.reply(id).origin, Origin::Judged, "{id}");
    }
    assert_eq!(stopped.servers.asked().len(), CALLS.len());
    stopped.audit.stop("drained").unwrap();
    for kind in ["intent", "outcome"] {
        assert_eq!(stopped.durable(kind).len(), CALLS.len(), "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_intent_the_disk_does_not_take_is_refused_before_the_stop() {
    let stopped = Stopped::with_calls_that_wait().await;
    stopped.assert_waits().await;
    stopped.memory.fail_syncs(true);
    stopped.drain().await;
    for id in CALLS {
        let reply = stopped.desk.reply(id);
        assert_eq!(reply.origin, Origin::Denial, "{id}: {reply:?}");
        assert_eq!(reply.value()["error"]["data"]["retryable"], true);
    }
    assert!(stopped.servers.asked().is_empty(), "nothing was forwarded");
    assert!(stopped.audit.stop("drained").is_err(), "and that is told");
    stopped.memory.fail_syncs(false);
    stopped.audit.stop("drained").unwrap();
    let outcomes = stopped.durable("outcome");
    assert!(outcomes.iter().all(|outcome| outcome["verdict"] == "deny"));
    assert_eq!(stopped.durable("stop").len(), 2);
}
