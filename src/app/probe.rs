//! Asks the private servers whether they are there: at start, while one is not, and when one was not heard of for a while.

use std::sync::Arc;
use std::time::Duration;

use portcullis_policy::{Channel, Failure};
use tokio::time::{Instant, sleep};

use super::Agent;
use crate::ops::event::{Event, ServerEvent};
use crate::relay::port::{Answer as _, Upstream as _};
use crate::runtime::deadline::Deadline;

/// How often to look whether it is time.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long a server may take to answer a `ping`.
const WITHIN: Duration = Duration::from_secs(5);

/// Probes the server of one channel until it is dropped. A channel the policy lists no server for is never asked.
pub(super) async fn keep_probing(agent: Arc<Agent>, channel: Channel) {
    loop {
        if wants_probe(&agent, &channel) && !probe(&agent, &channel).await {
            return;
        }
        sleep(LOOK_EVERY).await;
    }
}

fn wants_probe(agent: &Agent, channel: &Channel) -> bool {
    let inputs = agent.ops.inputs();
    let mut servers = inputs.servers.iter();
    servers.any(|server| server.channel == channel.as_str() && server.wants_probe(Instant::now()))
}

/// Asks once; whether the policy has anybody to ask.
async fn probe(agent: &Agent, channel: &Channel) -> bool {
    let Some(ping) = agent
        .policy
        .current()
        .policy
        .probe(channel, agent.fresh.rpc_id())
    else {
        return false;
    };
    let deadline = Deadline::within(WITHIN);
    let event = match deadline.bound(agent.upstream.call(ping, deadline)).await {
        Ok(Ok(answer)) => ServerEvent::Reached {
            status: answer.status(),
        },
        Ok(Err(failure)) => failed(failure),
        Err(_) => ServerEvent::Failed {
            source: "timeout",
            kind: "timeout",
        },
    };
    agent.ops.emit(Event::Server(channel.as_str(), event));
    true
}

fn failed(failure: Failure) -> ServerEvent {
    ServerEvent::Failed {
        source: failure.source().label(),
        kind: failure.kind().label(),
    }
}
