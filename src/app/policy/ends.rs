//! The end of a policy (`not_after`): told in time, and then nothing crosses until a newer one is in force.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use portcullis_policy::Moment;
use tokio::time::timeout;

use super::holding::Holding;
use crate::ops::Ops;
use crate::ops::event::{AgentEvent, Event};
use crate::relay::in_force::InForce;
use crate::rotate::rotor::Wall;
use crate::runtime::slot::Slot;

/// How often to look: the clock of the day may be set.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How long before its end it is told, once a day.
const TOLD_BEFORE: u64 = 7 * DAY;
/// In milliseconds.
const DAY: u64 = 24 * 3600 * 1000;

/// See the module.
pub(in crate::app) struct Ends {
    in_force: Arc<Slot<InForce>>,
    holding: Arc<Holding>,
    ops: Arc<Ops>,
    /// The policy and the days left that were told last.
    told: Option<(u64, u64)>,
}

impl Ends {
    pub(super) fn new(in_force: Arc<Slot<InForce>>, holding: Arc<Holding>, ops: Arc<Ops>) -> Self {
        Self {
            in_force,
            holding,
            ops,
            told: None,
        }
    }

    /// Looks until it is dropped.
    pub(in crate::app) async fn watch(mut self, wall: Wall) {
        let mut changes = self.in_force.follow();
        loop {
            changes.mark_unchanged();
            let wait = self.look(wall());
            let _ = timeout(wait, changes.changed()).await;
        }
    }

    /// Lowers or raises the gate as of now; how long until it has to be looked at again.
    pub(in crate::app) fn look(&mut self, now: SystemTime) -> Duration {
        let (in_force, now) = (self.in_force.current(), moment(now));
        let Some(end) = in_force.policy.not_after() else {
            self.holding.has_ended(false);
            return LOOK_EVERY;
        };
        // The decision itself goes by the same comparison.
        self.holding.has_ended(now >= end);
        let left = end.since(now);
        if left > 0 && left <= TOLD_BEFORE {
            self.tell(in_force.named.generation, left / DAY);
        }
        LOOK_EVERY.min(Duration::from_millis(left.max(1000)))
    }

    fn tell(&mut self, generation: u64, days: u64) {
        if self.told.replace((generation, days)) != Some((generation, days)) {
            let ends = AgentEvent::PolicyEnds { days };
            self.ops.emit(Event::Agent(ends));
        }
    }
}

fn moment(now: SystemTime) -> Moment {
    let passed = now.duration_since(SystemTime::UNIX_EPOCH);
    Moment::after_epoch(passed.unwrap_or_default())
}
