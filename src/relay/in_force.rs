//! The policy in force, and work that must stop when another one comes into force that does not permit it.

use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;

use portcullis_policy::refusal::Line;
use portcullis_policy::{Exchange, PolicySet, Reason};

use super::pipeline::Relay;
use super::port::{ControlPlane, Records, Upstream};
use super::record::Named;
use crate::runtime::slot::Slot;

/// One policy, and what names it in every record of a decision it makes.
#[derive(Debug)]
pub struct InForce {
    /// The policy.
    pub policy: Arc<PolicySet>,
    /// Its name.
    pub named: Named,
}

/// Why a permission ended: the reason, and the line of the policy that ended it.
pub(super) type Ended = (Reason, Option<Line>);

impl InForce {
    /// The slot with the first policy of a run.
    #[must_use]
    pub fn first(policy: impl Into<Arc<PolicySet>>, sha256: [u8; 32]) -> Arc<Slot<Self>> {
        Arc::new(Slot::new(Self {
            policy: policy.into(),
            named: Named {
                generation: 1,
                sha256,
            },
        }))
    }

    /// What comes into force after this one.
    #[must_use]
    pub fn next(&self, policy: PolicySet, sha256: [u8; 32]) -> Self {
        Self {
            policy: Arc::new(policy),
            named: Named {
                generation: self.named.generation.saturating_add(1),
                sha256,
            },
        }
    }
}

impl<C: ControlPlane, U: Upstream, R: Records> Relay<C, U, R> {
    /// Works until it is done, or until a policy is in force that does not permit what was asked.
    ///
    /// # Errors
    /// Why it is not permitted any more.
    pub(super) async fn while_permitted<F: Future>(
        &self,
        exchange: &Exchange,
        work: Pin<&mut F>,
    ) -> Result<F::Output, Ended> {
        tokio::select! {
            biased;
            ended = self.permission_ends(exchange) => Err(ended),
            done = work => Ok(done),
        }
    }

    async fn permission_ends(&self, exchange: &Exchange) -> Ended {
        let mut changes = self.policy.follow();
        loop {
            let current = Arc::clone(&changes.borrow_and_update());
            if let Err(ended) = exchange.still_permitted(&current.policy) {
                return ended;
            }
            if changes.changed().await.is_err() {
                // The slot lives as long as `self`.
                pending::<()>().await;
            }
        }
    }
}
