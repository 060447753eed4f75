//! A log in memory, with faults: for tests and the simulation. The code above it is that of the real log.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::place::{Place, Syncer};
use pages::Pages;

mod pages;

/// What was written, and how much more may be.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    contents: Arc<Mutex<Contents>>,
    slow: Arc<Slow>,
}

/// A disk that takes its time.
#[derive(Debug, Default)]
struct Slow {
    held: Mutex<Held>,
    released: Condvar,
}

#[derive(Debug, Default)]
struct Held {
    is_on: bool,
    syncs: usize,
}

#[derive(Debug, Default)]
struct Contents {
    segments: BTreeMap<u32, Pages>,
    checkpoints: String,
    /// Bytes that still fit; `None` for no bound.
    room: Option<usize>,
    writes: u64,
    syncs_fail: bool,
}

impl Memory {
    /// Every record so far, in order.
    #[must_use]
    pub fn records(&self) -> Vec<String> {
        let contents = self.contents();
        let pages = contents.segments.values();
        pages.flat_map(|pages| lines(&pages.seen)).collect()
    }

    /// Every line that would be there after a power cut.
    #[must_use]
    pub fn after_power_cut(&self) -> Vec<String> {
        let contents = self.contents();
        let pages = contents.segments.values();
        pages
            .flat_map(|pages| lines(pages.after_power_cut()))
            .collect()
    }

    /// Every signed checkpoint so far.
    #[must_use]
    pub fn checkpoints(&self) -> String {
        self.contents().checkpoints.clone()
    }

    /// How many bytes the segments hold.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.contents()
            .segments
            .values()
            .map(|pages| pages.seen.len())
            .sum()
    }

    /// How many writes were asked for.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.contents().writes
    }

    /// The disk is full after this many more bytes; the write that meets the end is torn.
    pub fn fill_after(&self, bytes: usize) {
        self.contents().room = Some(bytes);
    }

    /// The disk has room again.
    pub fn clear(&self) {
        self.contents().room = None;
    }

    /// From now on a sync fails, and what it should have written is dropped; or works again.
    pub fn fail_syncs(&self, fail: bool) {
        self.contents().syncs_fail = fail;
    }

    /// From now on a sync takes until this is undone.
    pub fn hold_syncs(&self, hold: bool) {
        self.slow.held().is_on = hold;
        self.slow.released.notify_all();
    }

    /// How many syncs are under way that are held.
    #[must_use]
    pub fn held_syncs(&self) -> usize {
        self.slow.held().syncs
    }

    fn sync_slowly(&self) -> io::Result<()> {
        self.slow.take();
        self.contents().sync()
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slow {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes as long as the disk is held.
    fn take(&self) {
        let mut held = self.held();
        held.syncs += 1;
        let released = self.released.wait_while(held, |held| held.is_on);
        released.unwrap_or_else(PoisonError::into_inner).syncs -= 1;
    }
}

impl Contents {
    fn take_room(&mut self, wanted: usize) -> io::Result<usize> {
        self.writes += 1;
        let Some(room) = &mut self.room else {
            return Ok(wanted);
        };
        let granted = wanted.min(*room);
        *room -= granted;
        if granted == 0 && wanted > 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(granted)
    }

    fn open(&mut self) -> io::Result<&mut Pages> {
        let last = self.segments.values_mut().next_back();
        last.ok_or(io::ErrorKind::NotFound.into())
    }

    fn sync(&mut self) -> io::Result<()> {
        let works = !self.syncs_fail;
        self.open()?.sync(works);
        works
            .then_some(())
            .ok_or_else(|| io::Error::other("the disk did not take it"))
    }
}

fn lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().map(str::to_owned).collect()
}

impl Place for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut contents = self.contents();
        let granted = contents.take_room(bytes.len())?;
        contents
            .open()?
            .append(bytes.get(..granted).unwrap_or_default());
        Ok(granted)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        self.contents().open()?.cut(length);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_slowly()
    }

    fn syncer(&self) -> io::Result<Syncer> {
        let aside = self.clone();
        Ok(Box::new(move || aside.sync_slowly()))
    }

    fn tail(&mut self, from: u64) -> io::Result<Vec<u8>> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let mut contents = self.contents();
        Ok(contents
            .open()?
            .seen
            .get(from..)
            .unwrap_or_default()
            .to_vec())
    }

    fn overwrite(&mut self, from: u64, bytes: &[u8]) -> io::Result<()> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        self.contents().open()?.overwrite(from, bytes);
        Ok(())
    }

    fn begin(&mut self, number: u32, first: &[u8]) -> io::Result<()> {
        let mut contents = self.contents();
        if contents.take_room(first.len())? < first.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        contents.segments.insert(number, Pages::of(first));
        Ok(())
    }

    fn checkpoint(&mut self, note: &str) -> io::Result<()> {
        let mut contents = self.contents();
        contents.checkpoints.push_str(note);
        contents.checkpoints.push('\n');
        Ok(())
    }
}
