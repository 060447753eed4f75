//! The reloads of one endpoint, one after the other, for as long as the agent runs.
//!
//! Promises: what is in use stays in use until something better passed every check (INVARIANT: 5); an identity outside its validity is told and
//! lowers the gate, and both end by themselves.

mod look;
mod patience;
mod reading;
#[cfg(test)]
mod tests;
mod trial;
mod turn;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep_until};

use self::look::Told;
use self::patience::Patience;
use super::port::{Digest, Endpoint};
use super::trigger::{Ear, Ring, Trigger};
use crate::ops::Ops;
use crate::ops::event::{Event, RotationEvent};
use crate::runtime::fresh::Fresh;

/// The longest time between two looks at files and clock. Timers stop while a machine sleeps, so every longer wait is cut into these.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Reads the clock of the day.
pub type Wall = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// How an endpoint is rotated.
#[derive(Clone)]
pub struct Terms {
    /// Whether a candidate is tried before it is put in use, where the endpoint can be tried.
    pub canary: bool,
    /// How long the old generation may finish what it began.
    pub drain: Duration,
    /// The clock of the day.
    pub wall: Wall,
}

/// See the module.
pub struct Rotor<E: Endpoint> {
    endpoint: Arc<E>,
    ops: Arc<Ops>,
    terms: Terms,
    fresh: Fresh,
    /// The digest of what is in use.
    in_use: Digest,
    /// What was last found wrong, so that it is told once.
    found: Option<(Option<Digest>, Vec<&'static str>)>,
    patience: Patience,
    retry_at: Option<Instant>,
    /// When what is pending will be valid.
    pending: Option<SystemTime>,
    told: Told,
}

impl<E: Endpoint> Rotor<E> {
    /// An endpoint that uses what has this digest. An identity that cannot be used is told at once.
    #[must_use]
    pub fn new(
        endpoint: Arc<E>,
        in_use: Digest,
        terms: Terms,
        ops: Arc<Ops>,
        fresh: Fresh,
    ) -> Self {
        let mut rotor = Self {
            endpoint,
            ops,
            terms,
            fresh,
            in_use,
            found: None,
            patience: Patience::default(),
            retry_at: None,
            pending: None,
            told: Told::default(),
        };
        rotor.look();
        rotor
    }

    /// Follows the rings until nobody can ring any more.
    pub async fn run(mut self, mut ear: Ear) {
        let mut look_at = Instant::now() + LOOK_EVERY;
        loop {
            let ring = tokio::select! {
                ring = ear.next() => match ring {
                    Some(ring) => ring,
                    None => return,
                },
                () = sleep_until(self.wake_at(look_at)) => Ring::now(self.why_awake(look_at)),
            };
            self.turn(ring).await;
            self.look();
            look_at = Instant::now() + LOOK_EVERY;
        }
    }

    /// The next moment to look without being asked.
    fn wake_at(&self, look_at: Instant) -> Instant {
        let now = (self.terms.wall)();
        let pending = self.pending.map(|until| {
            let left = until.duration_since(now).unwrap_or_default();
            Instant::now() + left
        });
        let stage = self.next_stage(now).map(|left| Instant::now() + left);
        let others = [self.retry_at, pending, stage].into_iter().flatten();
        others.fold(look_at, Instant::min)
    }

    fn why_awake(&self, look_at: Instant) -> Trigger {
        let now = Instant::now();
        if self.retry_at.is_some_and(|at| now >= at) {
            Trigger::Retry
        } else if now >= look_at {
            Trigger::Poll
        } else {
            Trigger::Timer
        }
    }

    fn tell(&self, event: RotationEvent<'_>) {
        self.ops.emit(Event::Rotation(self.endpoint.name(), event));
    }
}
