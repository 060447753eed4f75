//! The poll loop: one poll at a time, each element on a task of its own, until told to stop.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::pipeline::Relay;
use super::port::{ControlPlane, PollError, Upstream};
use crate::runtime::backoff::Backoff;
use crate::wire::command::Polled;

const LEAST_WAIT: Duration = Duration::from_millis(200);
const MOST_WAIT: Duration = Duration::from_secs(10);
/// Answers without a command are not asked for more often than this: a service that is instantly empty, or sends nothing that can be
/// used, makes no hot loop (wire sheet 5.1).
const EMPTY_FLOOR: Duration = Duration::from_millis(100);

/// Polls until `stop`; the tasks of what was taken run on in `tasks`.
///
/// An open poll is awaited and never cut: the service may have handed over commands that are still on their way.
pub async fn poll<C: ControlPlane, U: Upstream>(
    relay: Arc<Relay<C, U>>,
    stop: CancellationToken,
    tasks: TaskTracker,
) {
    let mut backoff = Backoff::new(LEAST_WAIT, MOST_WAIT);
    let mut failing = false;
    while let Some(room) = unless(&stop, relay.admission.room()).await {
        let asked = Instant::now();
        let wait = match relay.control.poll(room).await {
            Ok(batch) => {
                backoff.reset();
                if std::mem::take(&mut failing) {
                    info!("the control plane answers again");
                }
                let empty = !batch
                    .commands
                    .iter()
                    .any(|polled| matches!(polled, Polled::Command(_)));
                for polled in batch.commands {
                    start(&relay, polled, batch.received, &tasks).await;
                }
                if empty {
                    EMPTY_FLOOR.saturating_sub(asked.elapsed())
                } else {
                    Duration::ZERO
                }
            }
            Err(error) => {
                failing = true;
                let wait = retry_after(&error).max(backoff.next_wait(&relay.fresh));
                warn!(%error, retry_in_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX), remedy = remedy(&error), "could not poll");
                wait
            }
        };
        if unless(&stop, sleep(wait)).await.is_none() {
            break;
        }
    }
    info!("stopped polling");
}

async fn start<C: ControlPlane, U: Upstream>(
    relay: &Arc<Relay<C, U>>,
    polled: Polled,
    received: Instant,
    tasks: &TaskTracker,
) {
    let place = relay.admission.enter().await;
    let relay = Arc::clone(relay);
    // Boxed, because the state of a command is large and a task moves its future when it starts and when it ends.
    tasks.spawn(Box::pin(async move {
        relay.handle(polled, received).await;
        drop(place);
    }));
}

/// `work`, or nothing once `stop` is called.
async fn unless<T>(stop: &CancellationToken, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = stop.cancelled() => None,
        done = work => Some(done),
    }
}

fn retry_after(error: &PollError) -> Duration {
    match error {
        PollError::Status { retry_after, .. } => retry_after.unwrap_or_default(),
        PollError::Transport(_) | PollError::Timeout | PollError::Body(_) => Duration::ZERO,
    }
}

/// What an operator can do about it.
fn remedy(error: &PollError) -> &'static str {
    match error {
        PollError::Status { status: 401, .. } => {
            "check the API key and, if the organization requires one, the client certificate"
        }
        PollError::Status { status: 403, .. } => {
            "check that the key may use this tunnel, and the organization id"
        }
        PollError::Status { status: 404, .. } => "check the tunnel id and the URL path",
        PollError::Transport(_) => {
            "check the network, the base URL, the CA bundle and the client certificate"
        }
        PollError::Status { .. } | PollError::Timeout | PollError::Body(_) => {
            "none: it is tried again"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16) -> PollError {
        PollError::Status {
            status,
            detail: String::new(),
            retry_after: None,
        }
    }

    #[test]
    fn a_newcomer_is_told_what_to_check() {
        assert!(remedy(&status(401)).contains("API key"));
        assert!(remedy(&status(403)).contains("organization id"));
        assert!(remedy(&status(404)).contains("tunnel id"));
        assert!(remedy(&PollError::Transport("tls")).contains("CA bundle"));
        assert_eq!(remedy(&status(503)), "none: it is tried again");
    }
}
