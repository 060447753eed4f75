//! The work itself: polls until a signal comes, then drains what runs.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
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
            ended.context("the poll loop failed")?;
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
        poller.await.context("the poll loop failed")?;
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
