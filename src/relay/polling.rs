//! The poll loop: one poll at a time, each element on a task of its own, until told to stop.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::patience::{Patience, fault, remedy};
use super::pipeline::Relay;
use super::port::{Batch, ControlPlane, PollError, Records, Upstream};
use crate::ops::event::{Event, PollEvent, PollFailure, PollPause};
use crate::ops::gate::Standing;
use crate::wire::command::Polled;
use crate::wire::poll::FRAME_BYTES;

/// Answers without a command are not asked for more often than this: a service that is instantly empty, or sends nothing that can be
/// used, makes no hot loop (wire sheet 5.1).
const FLOOR: Duration = Duration::from_millis(100);

/// Polls until `stop`; the tasks of what was taken run on in `tasks`.
///
/// An open poll is awaited and never cut: the service may have handed over commands that are still on their way.
pub async fn poll<C: ControlPlane, U: Upstream, R: Records>(
    relay: Arc<Relay<C, U, R>>,
    stop: CancellationToken,
    tasks: TaskTracker,
) {
    let mut patience = Patience::default();
    while let Some(room) = unless(&stop, relay.ready_to_poll()).await {
        relay.tell(PollEvent::Started { limit: room });
        let asked = Instant::now();
        let each = || relay.policy.current().policy.limits().request_caps();
        let wait = match relay.control.poll(room, each).await {
            Ok(batch) => {
                patience.reset();
                relay.tell(PollEvent::Answered {
                    elements: batch.commands.len(),
                    took: asked.elapsed(),
                });
                let floor = if relay.brings_work(&batch) {
                    Duration::ZERO
                } else {
                    FLOOR
                };
                start(&relay, batch, &tasks).await;
                floor.saturating_sub(asked.elapsed())
            }
            Err(error) => {
                let wait = patience.wait(&error, &relay.fresh);
                relay.poll_failed(&error, asked.elapsed(), wait);
                wait
            }
        };
        if unless(&stop, sleep(wait)).await.is_none() {
            break;
        }
    }
    relay.tell(PollEvent::Stopped);
}

async fn start<C: ControlPlane, U: Upstream, R: Records>(
    relay: &Arc<Relay<C, U, R>>,
    batch: Batch,
    tasks: &TaskTracker,
) {
    for polled in batch.commands {
        let entry = relay.admission.enter(polled.bytes()).await;
        let relay = Arc::clone(relay);
        // Boxed, because the state of a command is large and a task moves its future when it starts and when it ends.
        tasks.spawn(Box::pin(async move {
            relay.handle(polled, batch.received, entry).await;
        }));
    }
}

impl<C: ControlPlane, U: Upstream, R: Records> Relay<C, U, R> {
    /// Waits until the gate is raised and there is room; how many commands to ask for.
    async fn ready_to_poll(&self) -> usize {
        loop {
            if self.ops.gate.standing() != Standing::Raised {
                self.tell(PollEvent::Paused(PollPause::Gate));
                self.ops.gate.polls().await;
            }
            let command = self.command_bytes();
            if self.admission.is_full(command) {
                self.tell(PollEvent::Paused(PollPause::Full));
            }
            let room = self.admission.room(command).await;
            if self.ops.gate.standing() == Standing::Raised {
                return room;
            }
        }
    }

    /// The most bytes of one command, as the policy in force says.
    fn command_bytes(&self) -> usize {
        let limits = self.policy.current().policy.limits().request_bytes;
        limits.saturating_add(FRAME_BYTES)
    }

    /// Whether anything in it is worth asking for more at once: a usable command that did not come before.
    fn brings_work(&self, batch: &Batch) -> bool {
        batch.commands.iter().any(|polled| match polled {
            Polled::Command(command) => !self.replay.knows(&command.address.request_id),
            Polled::Unusable(_) => false,
        })
    }

    fn poll_failed(&self, error: &PollError, took: Duration, retry_in: Duration) {
        if let PollError::Cut(why) | PollError::Body(why) = error {
            self.records.poll_lost(why);
        }
        self.tell(PollEvent::Failed(PollFailure {
            fault: fault(error),
            error: &error.to_string(),
            took,
            retry_in,
            remedy: remedy(error),
        }));
    }

    fn tell(&self, event: PollEvent<'_>) {
        self.ops.emit(Event::Poll(event));
    }
}

/// `work`, or nothing once `stop` is called.
async fn unless<T>(stop: &CancellationToken, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = stop.cancelled() => None,
        done = work => Some(done),
    }
}
