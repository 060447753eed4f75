//! How many commands live at once, and where each of them waits.
//!
//! Each channel has places for calls that run, for calls that wait for one of those, and for what expects no answer, which never queues
//! behind calls (B12). A slow server fills the places of its own channel and no other's (W-01); what finds no place is told so at once and
//! is never dropped (E8). Two bounds hold over all: the number of commands taken, and their bytes. [`Admission::room`] turns all of it into
//! how many a poll may ask for.

mod bounded;

use std::collections::HashMap;
use std::sync::Arc;

use portcullis_policy::Channel;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use bounded::{Bounded, pieces};

/// The most commands one poll may ask for (the public contract).
const MOST_PER_POLL: usize = 25;
/// The most bytes of all commands taken and not answered. One poll may bring half of it.
pub const RESIDENT_BYTES: usize = 128 * 1024 * 1024;

/// How many of what there is room for. Zeros count as one.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Calls of one channel that run at the same time.
    pub running: usize,
    /// Calls of one channel that wait for one of those places.
    pub waiting: usize,
    /// Bytes of all commands taken and not answered.
    pub bytes: usize,
}

/// The places for commands.
#[derive(Debug)]
pub struct Admission {
    taken: Bounded,
    arriving: Bounded,
    bytes: Bounded,
    channels: HashMap<Channel, Places>,
    returned: Arc<Notify>,
}

#[derive(Debug)]
struct Places {
    running: Bounded,
    waiting: Bounded,
    beside: Bounded,
}

/// One place, or some bytes; given back when dropped.
#[derive(Debug)]
pub struct Place {
    permit: Option<OwnedSemaphorePermit>,
    returned: Arc<Notify>,
}

/// One command taken in, its bytes, and that it is not yet where it waits or runs.
#[derive(Debug)]
pub struct Entry {
    _taken: Place,
    _bytes: Place,
    arriving: Option<Place>,
}

/// A call with a place in the queue of its channel, or already with its turn.
#[derive(Debug)]
pub struct Queued {
    waiting: Option<Place>,
    running: Place,
    turns: Arc<Semaphore>,
}

/// The channel has no place left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// How many places of a channel are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Occupancy {
    /// Calls that run.
    pub running: usize,
    /// Calls that wait.
    pub waiting: usize,
    /// Notifications and ends of sessions under way.
    pub beside: usize,
}

impl Admission {
    /// Places for the calls of these channels.
    #[must_use]
    pub fn new(bounds: Bounds, channels: impl IntoIterator<Item = Channel>) -> Self {
        let channels: HashMap<Channel, Places> = channels
            .into_iter()
            .map(|channel| (channel, Places::new(bounds)))
            .collect();
        let per_channel = bounds.running.max(1) + 2 * bounds.waiting.max(1);
        // Beside the places of the channels, as many commands as a poll brings may be on their way to being refused.
        let taken = per_channel * channels.len() + MOST_PER_POLL;
        Self {
            taken: Bounded::new(taken),
            arriving: Bounded::new(taken),
            bytes: Bounded::new(pieces(bounds.bytes)),
            channels,
            returned: Arc::new(Notify::new()),
        }
    }

    /// Waits until at least one command of at most so many bytes can be taken; how many to ask for.
    ///
    /// A command may come for any channel, so it is enough that one of them has room: what comes for a full one is answered at once.
    pub async fn room(&self, command: usize) -> usize {
        loop {
            let room = self.free(command);
            if room > 0 {
                return room;
            }
            self.returned.notified().await;
        }
    }

    /// Whether nothing can be taken now.
    #[must_use]
    pub fn is_full(&self, command: usize) -> bool {
        self.free(command) == 0
    }

    /// Who is on the way to a place has it already: the next poll may not count on it.
    fn free(&self, command: usize) -> usize {
        let waiting: usize = self.channels.values().map(|c| c.waiting.free()).sum();
        let unclaimed = waiting.saturating_sub(self.arriving.taken());
        let affordable = self.bytes.free() / pieces(command).min(self.bytes.all);
        [unclaimed, self.taken.free(), affordable]
            .into_iter()
            .fold(MOST_PER_POLL, usize::min)
    }

    /// Takes a command in. Commands beyond what was asked for wait here, in order, and none is dropped (E8).
    pub async fn enter(&self, bytes: usize) -> Entry {
        let held = pieces(bytes).min(self.bytes.all);
        Entry {
            _taken: self.place(self.taken.take(1).await),
            _bytes: self.place(self.bytes.take(held).await),
            arriving: Some(self.place(self.arriving.take(1).await)),
        }
    }

    /// Puts a call in the queue of its channel.
    ///
    /// # Errors
    /// [`Full`], at once, when the channel has as many waiting as it may, or has no places at all.
    pub fn queue(&self, channel: &Channel) -> Result<Queued, Full> {
        let places = self.channels.get(channel).ok_or(Full)?;
        let running = places.running.try_take();
        let waiting = match running {
            Some(_) => None,
            None => Some(self.place(Some(places.waiting.try_take().ok_or(Full)?))),
        };
        Ok(Queued {
            waiting,
            running: self.place(running),
            turns: Arc::clone(&places.running.free),
        })
    }

    /// A place for what expects no answer: it waits for nobody.
    ///
    /// # Errors
    /// [`Full`] when the channel has as many under way as it may.
    pub fn beside(&self, channel: &Channel) -> Result<Place, Full> {
        let places = self.channels.get(channel).ok_or(Full)?;
        let permit = places.beside.try_take().ok_or(Full)?;
        Ok(self.place(Some(permit)))
    }

    /// How many commands were taken and are not answered.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken.taken()
    }

    /// Bytes of those commands, in whole KiB.
    #[must_use]
    pub fn taken_kib(&self) -> usize {
        self.bytes.taken()
    }

    /// How many places of this channel are taken.
    #[must_use]
    pub fn occupancy(&self, channel: &Channel) -> Occupancy {
        self.channels
            .get(channel)
            .map(|places| Occupancy {
                running: places.running.taken(),
                waiting: places.waiting.taken(),
                beside: places.beside.taken(),
            })
            .unwrap_or_default()
    }

    fn place(&self, permit: Option<OwnedSemaphorePermit>) -> Place {
        Place {
            permit,
            returned: Arc::clone(&self.returned),
        }
    }
}

impl Entry {
    /// It waits or runs now, or will do neither.
    pub fn arrived(&mut self) {
        self.arriving = None;
    }
}

impl Queued {
    /// Waits for the turn of the call, in the order of the queue.
    pub async fn turn(mut self) -> Place {
        if self.waiting.is_some() {
            self.running.permit = self.turns.acquire_owned().await.ok();
        }
        self.running
    }
}

impl Places {
    fn new(bounds: Bounds) -> Self {
        Self {
            running: Bounded::new(bounds.running),
            waiting: Bounded::new(bounds.waiting),
            beside: Bounded::new(bounds.waiting),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(self.permit.take());
        self.returned.notify_one();
    }
}

#[cfg(test)]
mod tests;
