//! The policy file while the agent runs: saving it is all there is to do.
//!
//! Promises: what has a mistake changes nothing (INVARIANT: 5), or lowers the gate where the policy in force says `on_invalid = "quarantine"`;
//! what comes into force does so whole, for every decision from then on, and reaches what is in flight.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use portcullis_certs::Validity;
use portcullis_policy::document::{Change, OnInvalid, diff, direction};
use portcullis_policy::{Mistake, PolicySet};

use super::bytes;
use super::ends::Ends;
use super::holding::Holding;
use super::house::House;
use super::trial::OnTrial;
use super::trials::Trials;
use crate::app::{operations, records};
use crate::config::Config;
use crate::ops::Ops;
use crate::ops::audit::sha256;
use crate::ops::event::{AgentEvent, Event};
use crate::ops::state::Generation;
use crate::relay::in_force::InForce;
use crate::rotate::port::{Digest, Endpoint, Force, Published, Reason, Trial, Verdict};
use crate::runtime::slot::Slot;

/// How it is named among the endpoints; no channel has a blank in its name.
const NAME: &str = "policy file";
/// The most mistakes that are told; `portcullis policy check` tells all.
const TOLD: usize = 10;

/// See the module.
pub(in crate::app) struct Book {
    path: PathBuf,
    house: House,
    in_force: Arc<Slot<InForce>>,
    holding: Arc<Holding>,
    on_trial: Arc<OnTrial>,
    ops: Arc<Ops>,
}

/// A policy that may come into force.
pub(in crate::app) struct Candidate {
    next: InForce,
    changes: Vec<Change>,
}

impl Book {
    pub(in crate::app) fn new(
        config: &Config,
        in_force: &Arc<Slot<InForce>>,
        ops: &Arc<Ops>,
    ) -> Self {
        Self {
            path: config.policy.path().to_owned(),
            house: House::of(config),
            in_force: Arc::clone(in_force),
            holding: Arc::new(Holding::new(Arc::clone(ops))),
            on_trial: Arc::new(OnTrial::new(Arc::clone(ops))),
            ops: Arc::clone(ops),
        }
    }

    /// The file it is kept in.
    pub(in crate::app) fn file(&self) -> PathBuf {
        self.path.clone()
    }

    /// What is in force, as its digest.
    pub(in crate::app) fn digest(&self) -> Digest {
        self.in_force.current().named.sha256
    }

    /// What sees to the end of the policy in force.
    pub(in crate::app) fn ends(&self) -> Ends {
        let (in_force, holding) = (Arc::clone(&self.in_force), Arc::clone(&self.holding));
        Ends::new(in_force, holding, Arc::clone(&self.ops))
    }

    /// What sees to policies on trial.
    pub(in crate::app) fn trials(&self) -> Trials {
        Trials {
            path: self.path.clone(),
            on_trial: Arc::clone(&self.on_trial),
            in_force: Arc::clone(&self.in_force),
            ops: Arc::clone(&self.ops),
        }
    }

    fn compile(&self, text: &[u8]) -> Result<PolicySet, Vec<Reason>> {
        let policy = PolicySet::compile(text).map_err(|found| {
            self.reasons(found.iter().map(|mistake| ("policy_invalid", mistake)))
        })?;
        let faults = self.house.faults(&policy);
        if faults.is_empty() {
            return Ok(policy);
        }
        Err(self.reasons(faults.iter().map(|(code, fault)| (*code, fault))))
    }

    fn reasons<'m>(&self, found: impl Iterator<Item = (&'static str, &'m Mistake)>) -> Vec<Reason> {
        let path = self.path.display();
        let reason = |(code, mistake): (&'static str, &Mistake)| Reason {
            code,
            sentence: format!(
                "{path}:{}:{}: {}; {}",
                mistake.line, mistake.column, mistake.problem, mistake.remedy
            ),
        };
        found.take(TOLD).map(reason).collect()
    }

    /// What is not used is a doubt; whether the policy in force goes on is for it to say.
    fn rejected(&self, reasons: Vec<Reason>) -> Vec<Reason> {
        match self.in_force.current().policy.on_invalid() {
            OnInvalid::Keep => {}
            OnInvalid::Quarantine => self.holding.is_invalid(true),
        }
        reasons
    }
}

impl Endpoint for Book {
    type Texts = Vec<u8>;
    type Candidate = Candidate;
    type Retired = ();

    /// One file, which was quiet before: somebody waits for it.
    const APART: Duration = Duration::from_millis(20);

    fn name(&self) -> &str {
        NAME
    }

    fn is_vital(&self) -> bool {
        false
    }

    fn read(&self) -> Result<(Digest, Vec<u8>), Vec<Reason>> {
        let read = self.on_trial.read(bytes(&self.path), &self.digest());
        let text = read.map_err(|error| {
            let path = self.path.display();
            self.rejected(vec![Reason {
                code: "policy_unreadable",
                sentence: format!("`{path}` cannot be read ({error}); put the file back"),
            }])
        })?;
        let digest = sha256(&text);
        if digest == self.digest() {
            self.holding.is_invalid(false);
        }
        Ok((digest, text))
    }

    fn judge(&self, text: Vec<u8>, _: Force, now: SystemTime) -> Verdict<Candidate> {
        let policy = match self.compile(&text) {
            Ok(policy) => policy,
            Err(reasons) => return Verdict::Rejected(self.rejected(reasons)),
        };
        let before = self.in_force.current();
        let changes = diff(&before.policy, &policy);
        let next = before.next(policy, sha256(&text));
        let facts = Generation {
            number: next.named.generation,
            identity: None,
            anchors: Vec::new(),
            crl_next_update: None,
            loaded: now,
        };
        Verdict::Accepted {
            candidate: Candidate { next, changes },
            facts: Box::new(facts),
            warnings: Vec::new(),
        }
    }

    async fn try_out(&self, _: &Candidate) -> Trial {
        Trial::Skipped
    }

    fn publish(&self, candidate: Candidate) -> Published<()> {
        let Candidate { next, changes } = candidate;
        if let Some(audit) = &self.ops.audit {
            audit.adopt(records::terms(next.policy.audit()));
        }
        let named = next.named;
        let ends = self.on_trial.ends(&named.sha256);
        let listed = operations::listed(self.house.bound.iter().cloned(), &next.policy);
        self.ops
            .now_in_force(operations::policy(&next, &self.path, ends), &listed);
        let before = self.in_force.publish(next);
        self.ops.emit(Event::Agent(AgentEvent::PolicyInForce {
            generation: named.generation,
            sha256: named.sha256,
            before: before.named.sha256,
            direction: direction(&changes).label(),
            changes: changes.len(),
        }));
        self.holding.is_invalid(false);
        Published {
            before: before.named.generation,
            connections: 0,
            retired: (),
            revoked: 0,
        }
    }

    async fn drain((): (), _: Duration) -> usize {
        0
    }

    fn revoke(&self) -> usize {
        0
    }

    fn validity(&self) -> Option<Validity> {
        None
    }
}
