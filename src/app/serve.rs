//! The work itself: polls until a signal comes, then drains what runs.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Agent, signals};
use crate::ops::event::{AgentEvent, Event};
use crate::relay::polling;
use crate::runtime::deadline::Deadline;

/// Serves until it is stopped and drained within `drain`.
///
/// # Errors
/// When calls were cut, and when the poll loop ended by itself.
pub(super) async fn serve(
    agent: &Arc<Agent>,
    mut signals: signals::Stops,
    drain: Duration,
) -> anyhow::Result<()> {
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let mut poller = tokio::spawn(polling::poll(agent.clone(), stop.clone(), tasks.clone()));
    let signal = tokio::select! {
        signal = signals.next() => signal,
        // Only a defect ends it early: an agent that looks alive and takes no command would be worse than none.
        ended = &mut poller => {
            ended.map_err(failed)?;
            anyhow::bail!("the poll loop ended by itself")
        }
    };
    let running = tasks.len();
    tell(
        agent,
        AgentEvent::Stopping {
            signal,
            drain,
            running,
        },
    );
    stop.cancel();
    let drained = async {
        poller.await.map_err(failed)?;
        tasks.close();
        tasks.wait().await;
        anyhow::Ok(())
    };
    tokio::select! {
        ended = Deadline::within(drain).bound(drained) => match ended {
            Ok(result) => result?,
            Err(_) => anyhow::bail!("{} calls were cut: the drain time of {} s was over", tasks.len(), drain.as_secs()),
        },
        signal = signals.next() => anyhow::bail!("{} calls were cut by a second {signal}", tasks.len()),
    }
    tell(agent, AgentEvent::Drained);
    Ok(())
}

fn tell(agent: &Agent, event: AgentEvent<'_>) {
    agent.ops.emit(Event::Agent(event));
}

/// The text of the error has the message of the panic in it, which may be made of anything (INVARIANT: 6).
fn failed(_: JoinError) -> anyhow::Error {
    anyhow::anyhow!("the poll loop ended by a panic, a defect; report it, with the version")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn how_the_poll_loop_ended_holds_nothing_of_what_a_panic_said() {
        let planted = "canary-in-a-panic";
        let ended = tokio::spawn(async move { panic!("no such key: {planted}") }).await;
        let error: JoinError = ended.unwrap_err();
        assert!(error.to_string().contains(planted), "tokio tells it");
        let told = failed(error);
        assert!(!format!("{told:#} {told:?}").contains(planted), "{told:?}");
    }
}
