//! Gauges that are read off the agent's state when someone asks, and the text that is answered.

use std::fmt;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::identity::Identities;
use super::labels::{Labels, one};
use super::records::Records;
use super::traffic::Generations;
use super::{Gauges as Family64, Metrics, unix, whole};
use crate::ops::audit;
use crate::ops::gate::Standing;
use crate::ops::state::readiness::Readiness;
use crate::ops::state::{Inputs, Traffic};
use crate::ops::status::Policy;

/// What the gauges are set from.
pub struct Facts<'a> {
    /// What is known.
    pub inputs: &'a Inputs,
    /// What it amounts to.
    pub readiness: &'a Readiness,
    /// Whether the poll loop makes progress.
    pub alive: bool,
    /// How the gate stands.
    pub gate: Standing,
    /// Commands that may be taken and not yet settled.
    pub queue_capacity: u64,
    /// Commands that may be carried out at once.
    pub pool_capacity: u64,
    /// Log lines that found no place.
    pub log_dropped: u64,
    /// The version of the program.
    pub version: &'static str,
    /// The policy in force.
    pub policy: &'a Policy,
    /// What each endpoint carries.
    pub traffic: &'a [(String, Vec<Traffic>)],
    /// How far the audit log is; none where there is none.
    pub audit: Option<audit::Standing>,
}

#[derive(Debug, Default)]
pub(super) struct Gauges {
    liveness: Gauge,
    readiness: Gauge,
    queue_capacity: Gauge,
    pool_capacity: Gauge,
    causes: Family64,
    gate: Family64,
    server: Family64,
    expiry: Family<Labels, Gauge<f64, AtomicU64>>,
    start: Gauge<f64, AtomicU64>,
    audit: Records,
    audit_writable: Gauge,
    log_dropped: Gauge,
    build: Family64,
    policy: Family64,
    policy_generation: Gauge,
    identities: Identities,
    generations: Generations,
}

impl Gauges {
    pub(super) fn register(to: &mut Registry) -> Self {
        let new = Self::default();
        to.register(
            "liveness",
            "1 while the poll loop makes progress",
            new.liveness.clone(),
        );
        to.register(
            "readiness",
            "1 while the agent can do its work, as /readyz says",
            new.readiness.clone(),
        );
        to.register(
            "commands_queue_capacity",
            "Commands that may be taken and not yet settled",
            new.queue_capacity.clone(),
        );
        to.register(
            "dispatcher_worker_pool_capacity",
            "Commands that may be carried out at once",
            new.pool_capacity.clone(),
        );
        to.register(
            "process_start_time_seconds",
            "When the agent started, in Unix time",
            new.start.clone(),
        );
        new.register_own(to.sub_registry_with_prefix("portcullis"));
        new
    }

    fn register_own(&self, to: &mut Registry) {
        self.audit.register(to);
        self.identities.register(to);
        self.generations.register(to);
        to.register(
            "not_ready",
            "1 for each cause against readiness, by its code",
            self.causes.clone(),
        );
        to.register("gate", "1 for how the gate stands", self.gate.clone());
        to.register(
            "mcp_server_reachable",
            "1 while the MCP server of the channel answers",
            self.server.clone(),
        );
        to.register(
            "certificate_expiry_timestamp_seconds",
            "When a client certificate ends, in Unix time",
            self.expiry.clone(),
        );
        to.register(
            "audit_writable",
            "1 while decisions can be recorded",
            self.audit_writable.clone(),
        );
        to.register(
            "log_lines_dropped",
            "Log lines that nobody read in time, since the start",
            self.log_dropped.clone(),
        );
        to.register(
            "build_info",
            "The version, with the value 1",
            self.build.clone(),
        );
        to.register(
            "policy_info",
            "The policy in force, with the value 1",
            self.policy.clone(),
        );
        to.register(
            "policy_generation",
            "Which policy since the start is in force, from 1",
            self.policy_generation.clone(),
        );
    }

    fn set(&self, facts: &Facts<'_>) {
        self.liveness.set(facts.alive.into());
        self.readiness.set(facts.readiness.ready.into());
        self.queue_capacity.set(whole(facts.queue_capacity));
        self.pool_capacity.set(whole(facts.pool_capacity));
        self.start.set(unix(facts.inputs.started.wall));
        self.audit_writable.set(facts.inputs.audit.is_none().into());
        self.audit.set(facts.audit.unwrap_or_default());
        self.log_dropped.set(whole(facts.log_dropped));
        self.build
            .get_or_create(&one("version", facts.version))
            .set(1);
        self.set_policy(facts.policy);
        self.set_lists(facts);
    }

    fn set_policy(&self, policy: &Policy) {
        self.policy.clear();
        let labels = vec![
            ("name", policy.name.clone().into()),
            ("digest", policy.digest.clone().into()),
        ];
        self.policy.get_or_create(&labels).set(1);
        self.policy_generation.set(whole(policy.generation));
    }

    fn set_lists(&self, facts: &Facts<'_>) {
        self.causes.clear();
        for cause in &facts.readiness.causes {
            self.causes.get_or_create(&one("code", cause.code)).set(1);
        }
        for standing in [Standing::Raised, Standing::Quiesced, Standing::Lowered] {
            let labels = one("standing", standing.label());
            self.gate
                .get_or_create(&labels)
                .set((standing == facts.gate).into());
        }
        for server in &facts.inputs.servers {
            let labels = one("channel", server.channel.clone());
            self.server
                .get_or_create(&labels)
                .set(server.reach.is_reached().into());
        }
        self.identities.set(facts.inputs);
        self.generations.set(facts.traffic);
        self.expiry.clear();
        for identity in facts.inputs.identities() {
            let labels = vec![
                ("peer", identity.peer.clone().into()),
                ("serial", identity.serial.clone().into()),
            ];
            self.expiry
                .get_or_create(&labels)
                .set(unix(identity.not_after));
        }
    }
}

impl Metrics {
    /// The text in the OpenMetrics format 1.0.
    ///
    /// # Errors
    /// Never: writing to a string does not fail. The signature is the library's.
    pub fn render(&self, facts: &Facts<'_>) -> Result<String, fmt::Error> {
        self.facts.set(facts);
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// Commands of a channel that wait, and those being carried out.
    #[must_use]
    pub fn occupancy(&self, channel: &str) -> (i64, i64) {
        self.own.occupancy(self.known.channel(channel))
    }

    /// Messages let in, answers let out and messages refused since the start.
    #[must_use]
    pub fn verdicts(&self) -> [u64; 3] {
        self.own.verdicts()
    }
}
