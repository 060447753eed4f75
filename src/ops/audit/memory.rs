//! A log in memory, with faults: for tests and the simulation. The code above it is that of the real log.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::place::{Place, Syncer};

/// What was written, and how much more may be.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<Contents>>);

#[derive(Debug, Default)]
struct Contents {
    segments: BTreeMap<u32, Vec<u8>>,
    checkpoints: String,
    /// Bytes that still fit; `None` for no bound.
    room: Option<usize>,
    writes: u64,
}

impl Memory {
    /// Every record so far, in order.
    #[must_use]
    pub fn records(&self) -> Vec<String> {
        let contents = self.contents();
        let whole = contents.segments.values();
        whole
            .flat_map(|bytes| {
                String::from_utf8_lossy(bytes)
                    .lines()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
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
        self.contents().segments.values().map(Vec::len).sum()
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

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
}

impl Place for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut contents = self.contents();
        let granted = contents.take_room(bytes.len())?;
        let mut last = contents
            .segments
            .last_entry()
            .ok_or(io::ErrorKind::NotFound)?;
        last.get_mut()
            .extend_from_slice(bytes.get(..granted).unwrap_or_default());
        Ok(granted)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        let mut contents = self.contents();
        let mut last = contents
            .segments
            .last_entry()
            .ok_or(io::ErrorKind::NotFound)?;
        last.get_mut()
            .truncate(usize::try_from(length).unwrap_or(usize::MAX));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn syncer(&self) -> io::Result<Syncer> {
        Ok(Box::new(|| Ok(())))
    }

    fn begin(&mut self, number: u32, first: &[u8]) -> io::Result<()> {
        let mut contents = self.contents();
        if contents.take_room(first.len())? < first.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        contents.segments.insert(number, first.to_vec());
        Ok(())
    }

    fn checkpoint(&mut self, note: &str) -> io::Result<()> {
        let mut contents = self.contents();
        contents.checkpoints.push_str(note);
        contents.checkpoints.push('\n');
        Ok(())
    }
}
