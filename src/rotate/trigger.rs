//! What asks for a reload.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use super::port::Force;

/// How many may wait while a reload is under way. What finds no place asks for what those that wait ask for.
const WAITING: usize = 32;

/// What asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// The agent starts.
    Start,
    /// A file changed.
    Files,
    /// A minute is over.
    Poll,
    /// Time itself: what was pending is valid now, or a list is due.
    Timer,
    /// What was rejected is judged again.
    Retry,
    /// SIGHUP.
    Signal,
    /// An operator, over the socket.
    Operator,
    /// The clock of the day jumped.
    Clock,
}

impl Trigger {
    /// The stable word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Files => "files",
            Self::Poll => "poll",
            Self::Timer => "timer",
            Self::Retry => "retry",
            Self::Signal => "signal",
            Self::Operator => "operator",
            Self::Clock => "clock",
        }
    }
}

/// One request for a reload.
#[derive(Debug)]
pub struct Ring {
    /// What asked.
    pub trigger: Trigger,
    /// What it overrides.
    pub force: Force,
    /// When.
    pub since: Instant,
    /// Who waits for what comes of it.
    pub answers: Vec<oneshot::Sender<String>>,
}

impl Ring {
    /// A request of this moment that overrides nothing.
    #[must_use]
    pub fn now(trigger: Trigger) -> Self {
        Self {
            trigger,
            force: Force::default(),
            since: Instant::now(),
            answers: Vec::new(),
        }
    }

    /// One request in the place of two: the earlier moment, and everything either asks for.
    fn and(mut self, other: Self) -> Self {
        if self.trigger == Trigger::Files {
            self.trigger = other.trigger;
        }
        self.force = self.force.or(other.force);
        self.since = self.since.min(other.since);
        self.answers.extend(other.answers);
        self
    }
}

/// Rings at one endpoint.
#[derive(Clone, Debug)]
pub struct Bell(mpsc::Sender<Ring>);

/// Hears what [`Bell`] rings.
#[derive(Debug)]
pub struct Ear {
    rings: mpsc::Receiver<Ring>,
    debounce: Debounce,
}

/// How long to wait until files are quiet.
#[derive(Clone, Copy, Debug)]
pub struct Debounce {
    /// How long nothing may have changed.
    pub quiet: Duration,
    /// How long to wait for that at most.
    pub most: Duration,
}

/// A bell and its ear.
#[must_use]
pub fn bell(debounce: Debounce) -> (Bell, Ear) {
    let (sender, rings) = mpsc::channel(WAITING);
    (Bell(sender), Ear { rings, debounce })
}

impl Bell {
    /// Asks for a reload.
    pub fn ring(&self, trigger: Trigger) {
        let _ = self.0.try_send(Ring::now(trigger));
    }

    /// Asks for a reload and returns what came of it; nothing if nobody reloads any more.
    pub async fn ask(&self, trigger: Trigger, force: Force) -> Option<String> {
        let (answer, answered) = oneshot::channel();
        let ring = Ring {
            force,
            answers: vec![answer],
            ..Ring::now(trigger)
        };
        self.0.send(ring).await.ok()?;
        answered.await.ok()
    }
}

impl Ear {
    /// The next request, with all that came with it. Files have to be quiet first; anything else is followed at once.
    pub async fn next(&mut self) -> Option<Ring> {
        let mut ring = self.rings.recv().await?;
        if ring.trigger == Trigger::Files {
            ring = self.quiet(ring).await;
        }
        while let Ok(more) = self.rings.try_recv() {
            ring = ring.and(more);
        }
        Some(ring)
    }

    /// Waits on the trailing edge: a leading one would read what is being replaced.
    async fn quiet(&mut self, mut ring: Ring) -> Ring {
        let last = ring.since + self.debounce.most;
        loop {
            let until = last.min(Instant::now() + self.debounce.quiet);
            match timeout_at(until, self.rings.recv()).await {
                Ok(Some(more)) => {
                    let is_files = more.trigger == Trigger::Files;
                    ring = ring.and(more);
                    if !is_files {
                        return ring;
                    }
                }
                Ok(None) | Err(_) => return ring,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use tokio::time::{advance, sleep};

    use super::*;

    const DEBOUNCE: Debounce = Debounce {
        quiet: Duration::from_secs(2),
        most: Duration::from_secs(10),
    };

    #[tokio::test(start_paused = true)]
    async fn files_are_followed_once_they_are_quiet() {
        let ((bell, mut ear), began) = (bell(DEBOUNCE), Instant::now());
        tokio::spawn(async move {
            for _ in 0..3 {
                bell.ring(Trigger::Files);
                sleep(Duration::from_secs(1)).await;
            }
            sleep(Duration::from_secs(60)).await;
        });
        let ring = ear.next().await.unwrap();
        assert_eq!((ring.trigger, ring.since), (Trigger::Files, began));
        assert_eq!(began.elapsed(), Duration::from_secs(4));
    }

    #[tokio::test(start_paused = true)]
    async fn files_that_never_are_quiet_are_followed_all_the_same() {
        let ((bell, mut ear), began) = (bell(DEBOUNCE), Instant::now());
        tokio::spawn(async move {
            loop {
                bell.ring(Trigger::Files);
                sleep(Duration::from_millis(500)).await;
            }
        });
        ear.next().await.unwrap();
        assert_eq!(began.elapsed(), DEBOUNCE.most);
    }

    #[tokio::test(start_paused = true)]
    async fn a_signal_is_not_kept_waiting_by_files() {
        let ((bell, mut ear), began) = (bell(DEBOUNCE), Instant::now());
        bell.ring(Trigger::Files);
        bell.ring(Trigger::Signal);
        assert_eq!(ear.next().await.unwrap().trigger, Trigger::Signal);
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_storm_is_one_request_and_every_asker_is_answered() {
        let (bell, mut ear) = bell(DEBOUNCE);
        (0..1000).for_each(|_| bell.ring(Trigger::Signal));
        let ring = ear.next().await.unwrap();
        assert!(ear.rings.try_recv().is_err(), "nothing is left");
        drop(ring);
        let asker = tokio::spawn(async move {
            let force = Force {
                roots: true,
                ..Force::default()
            };
            bell.ask(Trigger::Operator, force).await
        });
        let mut ring = ear.next().await.unwrap();
        assert!(ring.force.roots);
        ring.answers.pop().unwrap().send("done".to_owned()).unwrap();
        assert_eq!(asker.await.unwrap().as_deref(), Some("done"));
        advance(Duration::from_secs(1)).await;
    }
}
