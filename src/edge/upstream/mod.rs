//! The private MCP servers, by channel.

mod answer;
mod http;

use std::collections::HashMap;

use portcullis_policy::{Channel, Failure, Permitted};

use crate::relay::port::Upstream;
use crate::runtime::deadline::Deadline;

pub use answer::HttpAnswer;
pub use http::{HttpServer, OperatorHeaders, ServerConfig, Timers};

/// Every server the agent is bound to. It takes only what the policy permitted (INVARIANT 1).
pub struct Servers {
    by_channel: HashMap<Channel, HttpServer>,
}

impl Servers {
    /// The servers and the channels they are bound to.
    #[must_use]
    pub fn new(by_channel: HashMap<Channel, HttpServer>) -> Self {
        Self { by_channel }
    }
}

impl Upstream for Servers {
    type Answer = HttpAnswer;

    /// A channel without a binding cannot be permitted: start-up compares the policy with the bindings. If it happens all the same, it
    /// is a failure and never another server.
    async fn call(&self, permitted: Permitted, deadline: Deadline) -> Result<HttpAnswer, Failure> {
        match self.by_channel.get(permitted.channel()) {
            Some(server) => server.call(permitted, deadline).await,
            None => Err(Failure::internal()),
        }
    }
}
