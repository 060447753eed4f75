//! Where the bytes of the log go: a folder, or memory with faults in tests. Everything above this trait is the same for both.

use std::io;

/// Makes what was written survive a power cut.
pub(super) type Syncer = Box<dyn FnOnce() -> io::Result<()> + Send>;

/// The storage of one log.
pub(super) trait Place: Send {
    /// Appends to the open segment. A failure may have written a part.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;
    /// Cuts the open segment back to this length in bytes.
    fn cut(&mut self, length: u64) -> io::Result<()>;
    /// Returns when the open segment survives a power cut.
    fn sync(&mut self) -> io::Result<()>;
    /// What does the same without holding the log, and sees a failure of its own.
    fn syncer(&self) -> io::Result<Syncer>;
    /// What stands in the open segment from this offset on.
    fn tail(&mut self, from: u64) -> io::Result<Vec<u8>>;
    /// Writes again what stands in the open segment from this offset on.
    fn overwrite(&mut self, from: u64, bytes: &[u8]) -> io::Result<()>;
    /// Makes a segment and opens it; its first bytes are written before it counts.
    fn begin(&mut self, number: u32, first: &[u8]) -> io::Result<()>;
    /// Appends a signed checkpoint to those of the open segment.
    fn checkpoint(&mut self, note: &str) -> io::Result<()>;
}

/// The open segment: knows how much of it is whole, and cuts a torn end back before anything is appended to it.
pub(super) struct Segment {
    place: Box<dyn Place>,
    whole: u64,
    torn: bool,
}

impl Segment {
    pub(super) fn open(place: Box<dyn Place>, whole: u64) -> Self {
        Self {
            place,
            whole,
            torn: false,
        }
    }

    /// Bytes of whole records.
    pub(super) const fn bytes(&self) -> u64 {
        self.whole
    }

    pub(super) fn place(&mut self) -> &mut dyn Place {
        &mut *self.place
    }

    /// Appends all of the bytes or, as far as a reader after this can tell, nothing.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.mend()?;
        match self.write_all(bytes) {
            Ok(()) => {
                self.whole += super::line::as_u64(bytes.len());
                Ok(())
            }
            Err(error) => {
                self.torn = true;
                // What cannot be cut now is cut before the next record.
                let _ = self.mend();
                Err(error)
            }
        }
    }

    /// Goes on in a new segment that begins with these bytes.
    pub(super) fn begin(&mut self, number: u32, first: &[u8]) -> io::Result<()> {
        self.mend()?;
        self.place.begin(number, first)?;
        self.whole = super::line::as_u64(first.len());
        Ok(())
    }

    fn mend(&mut self) -> io::Result<()> {
        if self.torn {
            self.place.cut(self.whole)?;
            self.torn = false;
        }
        Ok(())
    }

    fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.place.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
