//! Which commands were taken already, so that none is carried out twice (E2).
//!
//! A service may hand over the same command again: after an answer it never saw, or because somebody plays it back. The second one is not
//! carried out and not answered, for the service takes one answer per command; it is recorded. Plain memory, bounded in number and in time:
//! what is still in hand is never forgotten, of the rest the oldest go first. A command played back after that runs again.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::wire::address::RequestId;

/// The commands taken a short while ago.
#[derive(Debug)]
pub struct Replay {
    most: usize,
    length: Duration,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    known: HashSet<RequestId>,
    /// Those no longer in hand, oldest first, and until when they are kept.
    ended: VecDeque<(Instant, RequestId)>,
}

/// A command in hand, remembered for a while after it is dropped.
#[derive(Debug)]
pub struct InHand<'a> {
    replay: &'a Replay,
    request_id: RequestId,
}

/// Longer than the service waits for anything, and about 5 MiB with the longest ids.
const MOST: usize = 16_384;
const LENGTH: Duration = Duration::from_mins(15);

impl Default for Replay {
    fn default() -> Self {
        Self::new(MOST, LENGTH)
    }
}

impl Replay {
    /// Remembers at most `most` commands beside those in hand, each for `length` after it ended.
    #[must_use]
    pub fn new(most: usize, length: Duration) -> Self {
        Self {
            most,
            length,
            kept: Mutex::default(),
        }
    }

    /// Takes a command in hand; `None` if it was taken before.
    pub fn enter(&self, request_id: &RequestId) -> Option<InHand<'_>> {
        let now = Instant::now();
        let mut kept = self.lock();
        kept.forget(|until, _| until <= now);
        kept.known.insert(request_id.clone()).then(|| InHand {
            replay: self,
            request_id: request_id.clone(),
        })
    }

    /// Whether this command was taken before.
    #[must_use]
    pub fn knows(&self, request_id: &RequestId) -> bool {
        let now = Instant::now();
        let mut kept = self.lock();
        kept.forget(|until, _| until <= now);
        kept.known.contains(request_id)
    }

    /// How many commands are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().known.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// No code that can panic runs under this lock, so what is kept is whole even after a poisoning.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Forgets the oldest for as long as `is_due` says, given until when one is kept and how many there are.
    fn forget(&mut self, is_due: impl Fn(Instant, usize) -> bool) {
        while let Some((until, _)) = self.ended.front()
            && is_due(*until, self.ended.len())
        {
            if let Some((_, oldest)) = self.ended.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        let until = Instant::now() + self.replay.length;
        let mut kept = self.replay.lock();
        kept.ended.push_back((until, self.request_id.clone()));
        kept.forget(|_, count| count > self.replay.most);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn id(number: usize) -> RequestId {
        RequestId::parse(&format!("r{number}")).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_command_is_taken_once_while_it_is_in_hand_and_for_a_while_after_e2() {
        let replay = Replay::new(9, Duration::from_secs(60));
        let first = replay.enter(&id(1)).unwrap();
        tokio::time::advance(Duration::from_secs(600)).await;
        assert!(replay.enter(&id(1)).is_none(), "in hand");
        assert!(replay.enter(&id(2)).is_some(), "another");
        drop(first);
        tokio::time::advance(Duration::from_secs(59)).await;
        assert!(replay.enter(&id(1)).is_none(), "answered");
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(replay.enter(&id(1)).is_some(), "long ago");
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded_and_the_oldest_go_first() {
        let replay = Replay::new(3, Duration::from_secs(60));
        let in_hand = replay.enter(&id(0)).unwrap();
        for number in 1..=1000 {
            drop(replay.enter(&id(number)).unwrap());
        }
        assert_eq!(replay.len(), 4);
        assert!(replay.enter(&id(0)).is_none(), "what is in hand stays");
        assert!(replay.enter(&id(998)).is_none());
        assert!(replay.enter(&id(997)).is_some());
        drop(in_hand);
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_look_does_not_prolong_the_first() {
        let replay = Replay::new(3, Duration::from_secs(60));
        drop(replay.enter(&id(1)));
        for _ in 0..6 {
            tokio::time::advance(Duration::from_secs(9)).await;
            assert!(replay.enter(&id(1)).is_none());
        }
        tokio::time::advance(Duration::from_secs(9)).await;
        assert!(replay.enter(&id(1)).is_some());
        assert!(!replay.is_empty());
    }
}
