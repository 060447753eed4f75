//! How many commands live at once.
//!
//! Two bounds: all commands of the process, which also sets how many a poll asks for, and the commands of one channel that run at the
//! same time, so that a slow server fills its own places and no other's (W-01).

use std::collections::HashMap;
use std::sync::Arc;

use portcullis_policy::Channel;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most commands one poll may ask for (the public contract).
const MOST_PER_POLL: usize = 25;

/// The places for commands.
#[derive(Debug)]
pub struct Admission {
    resident: Arc<Semaphore>,
    running: HashMap<Channel, Arc<Semaphore>>,
}

/// One place; given back when dropped.
#[derive(Debug)]
pub struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Admission {
    /// Places for `resident` commands, of which `per_channel` run at once on each channel. Both are at least 1.
    #[must_use]
    pub fn new(
        resident: usize,
        per_channel: usize,
        channels: impl IntoIterator<Item = Channel>,
    ) -> Self {
        let running = channels
            .into_iter()
            .map(|channel| (channel, Arc::new(Semaphore::new(per_channel.max(1)))))
            .collect();
        Self {
            resident: Arc::new(Semaphore::new(resident.max(1))),
            running,
        }
    }

    /// Waits until at least one command can be taken; how many to ask for.
    pub async fn room(&self) -> usize {
        let permit = self.resident.acquire().await;
        let more = self.resident.available_permits();
        drop(permit);
        (more + 1).min(MOST_PER_POLL)
    }

    /// Takes a place for one command. Commands beyond what was asked for wait here, in order, and none is dropped (E8).
    ///
    /// `None` only if the process is going down.
    pub async fn enter(&self) -> Option<Place> {
        let permit = Arc::clone(&self.resident).acquire_owned().await.ok()?;
        Some(Place { _permit: permit })
    }

    /// Waits for this channel's turn. A channel nothing is bound to needs none: its command is refused at once.
    pub async fn turn(&self, channel: &Channel) -> Option<Place> {
        let running = self.running.get(channel)?;
        let permit = Arc::clone(running).acquire_owned().await.ok()?;
        Some(Place { _permit: permit })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_poll_asks_for_what_there_is_room_for_pl_001_003_004() {
        for (resident, expected) in [(2, 2), (20, 20), (100, 25)] {
            assert_eq!(Admission::new(resident, 1, []).room().await, expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_house_waits_for_a_place() {
        let admission = Admission::new(1, 1, []);
        let place = admission.enter().await.expect("open");
        assert!(
            tokio::time::timeout(Duration::from_secs(1), admission.room())
                .await
                .is_err()
        );
        drop(place);
        assert_eq!(admission.room().await, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_channel_keeps_nobody_else_waiting_w_01() {
        let other = Channel::parse("other").expect("name");
        let admission = Admission::new(9, 1, [Channel::main(), other.clone()]);
        let _busy = admission.turn(&Channel::main()).await.expect("free");
        assert!(
            tokio::time::timeout(Duration::from_secs(1), admission.turn(&Channel::main()))
                .await
                .is_err()
        );
        assert!(admission.turn(&other).await.is_some());
    }
}
