//! What this agent asks of a policy beyond the language, because of how it is configured.

use portcullis_policy::document::Server;
use portcullis_policy::refusal::Line;
use portcullis_policy::{Channel, Mistake, PolicySet};

use crate::app::channels;
use crate::config::{CertProfile, Config};

/// The configuration, as far as a policy must fit it.
pub(super) struct House {
    /// The channels that a server is bound to.
    pub(super) bound: Vec<Channel>,
    is_strict: bool,
}

/// The stable word of a fault, and the fault.
pub(super) type Fault = (&'static str, Mistake);

impl House {
    pub(super) fn of(config: &Config) -> Self {
        Self {
            bound: channels(config).collect(),
            is_strict: matches!(config.trust.profile, CertProfile::Strict),
        }
    }

    /// All that keeps a policy from being used here, in the order of its channels.
    pub(super) fn faults(&self, policy: &PolicySet) -> Vec<Fault> {
        let mut servers: Vec<(&Channel, &Server)> = policy.servers().collect();
        servers.sort_by_key(|(_, server)| server.line().0);
        let fault = |(channel, server)| [self.unbound(channel, server), self.on_trial(server)];
        servers.into_iter().flat_map(fault).flatten().collect()
    }

    /// A server that nothing is bound to is a rule that can never match.
    fn unbound(&self, channel: &Channel, server: &Server) -> Option<Fault> {
        let problem = format!("no MCP server is bound to the channel `{channel}`");
        let remedy =
            format!("add `channel={channel}` to an `mcp.server-url`, or remove the `[[server]]`");
        let is_bound = self.bound.contains(channel);
        (!is_bound).then(|| ("policy_unbound", at(server.line(), problem, remedy)))
    }

    /// A trial lets pass what the rules refuse.
    fn on_trial(&self, server: &Server) -> Option<Fault> {
        let line = server.trial_line().filter(|_| self.is_strict)?;
        let problem = "the strict profile has no servers on trial".to_owned();
        let remedy = "remove `observe_until`, or set `trust.profile` to `default`".to_owned();
        Some(("policy_on_trial", at(line, problem, remedy)))
    }
}

fn at(line: Line, problem: String, remedy: String) -> Mistake {
    Mistake {
        line: line.0,
        column: 1,
        problem,
        remedy,
    }
}
