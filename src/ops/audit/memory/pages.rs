//! One segment as a system keeps it: what readers see, and what is on the disk. After a failed sync what was not written counts as written, as on Linux.

/// The bytes of one segment.
#[derive(Debug, Default)]
pub(super) struct Pages {
    pub(super) seen: Vec<u8>,
    disk: Vec<u8>,
    /// From here on the next sync writes.
    dirty: Option<usize>,
}

impl Pages {
    /// Of a segment whose first bytes are on the disk.
    pub(super) fn of(first: &[u8]) -> Self {
        Self {
            seen: first.to_vec(),
            disk: first.to_vec(),
            dirty: None,
        }
    }

    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.touch(self.seen.len());
        self.seen.extend_from_slice(bytes);
    }

    pub(super) fn overwrite(&mut self, from: usize, bytes: &[u8]) {
        self.touch(from);
        self.seen.truncate(from);
        self.seen.extend_from_slice(bytes);
    }

    pub(super) fn cut(&mut self, length: usize) {
        self.seen.truncate(length);
        self.disk.truncate(length);
    }

    /// Writes what is dirty, or drops it from what will be written.
    pub(super) fn sync(&mut self, works: bool) {
        let dirty = self.dirty.take().filter(|_| works);
        if let Some(from) = dirty {
            self.disk.resize(from, 0);
            self.disk
                .extend_from_slice(self.seen.get(from..).unwrap_or_default());
        }
    }

    /// What is there after a power cut.
    pub(super) fn after_power_cut(&self) -> &[u8] {
        &self.disk
    }

    fn touch(&mut self, from: usize) {
        self.dirty = Some(self.dirty.map_or(from, |dirty| dirty.min(from)));
    }
}
