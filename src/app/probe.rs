//! Asks the private servers whether they are there: when the policy begins to list one, while one is not, and when one was not heard of for
//! a while.

use std::sync::Arc;
use std::time::Duration;

use portcullis_policy::{Channel, Failure};
use tokio::time::{Instant, timeout};

use super::Agent;
use crate::ops::event::{Event, ServerEvent};
use crate::relay::port::{Answer as _, Upstream as _};
use crate::runtime::deadline::Deadline;

/// How often to look whether it is time.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long a server may take to answer a `ping`.
const WITHIN: Duration = Duration::from_secs(5);

/// Probes the server of one channel until it is dropped. While the policy in force lists no server for it, nobody is asked.
pub(super) async fn keep_probing(agent: Arc<Agent>, channel: Channel) {
    let mut changes = agent.policy.follow();
    loop {
        changes.mark_unchanged();
        if wants_probe(&agent, &channel) {
            probe(&agent, &channel).await;
        }
        let _ = timeout(LOOK_EVERY, changes.changed()).await;
    }
}

fn wants_probe(agent: &Agent, channel: &Channel) -> bool {
    let inputs = agent.ops.inputs();
    let mut servers = inputs.servers.iter();
    servers.any(|server| server.channel == channel.as_str() && server.wants_probe(Instant::now()))
}

/// Asks once, if the policy has anybody to ask.
async fn probe(agent: &Agent, channel: &Channel) {
    let Some(ping) = agent
        .policy
        .current()
        .policy
        .probe(channel, agent.fresh.rpc_id())
    else {
        return;
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
}

fn failed(failure: Failure) -> ServerEvent {
    ServerEvent::Failed {
        source: failure.source().label(),
        kind: failure.kind().label(),
    }
}
