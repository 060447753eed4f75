//! The folder of the log: segments `NNNNNN.jsonl`, their checkpoints `NNNNNN.checkpoints`, the keys and the lock.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::checkpoint;
use super::fault::Fault;
use super::owned;
use super::place::{Place, Syncer};

pub(super) const SIGNING_KEY: &str = "signing.key";
pub(super) const NEXT_KEY: &str = "signing.key.next";
pub(super) const VERIFIER_KEY: &str = "verifier.key";

/// The open segment of a folder.
pub(super) struct Folder {
    dir: PathBuf,
    open: Option<Open>,
    /// Held as long as the folder is written.
    _lock: File,
}

struct Open {
    segment: File,
    /// The segment opened once more: reads, writes in place, and syncs aside. Linux tells a failed write-back once to each opened file, so who
    /// syncs with this one takes no error from who syncs with the other.
    again: File,
    checkpoints: File,
}

impl Folder {
    /// Makes the folder if it is missing, and takes its lock.
    pub(super) fn lock(dir: &Path) -> Result<Self, Fault> {
        let failed = |error: io::Error| Fault::io("make the folder", dir, &error);
        let mut folder = fs::DirBuilder::new();
        folder
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(failed)?;
        owned::check(dir)?;
        let path = dir.join("lock");
        let lock = append(&path, false).map_err(|error| Fault::io("open", &path, &error))?;
        if lock.try_lock().is_err() {
            let problem = format!("another agent writes to `{}`", dir.display());
            return Err(Fault::new(
                problem,
                "stop it, or give each agent a state folder of its own",
            ));
        }
        Ok(Self {
            dir: dir.to_owned(),
            open: None,
            _lock: lock,
        })
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Opens a segment that exists.
    pub(super) fn resume(&mut self, number: u32) -> io::Result<()> {
        let path = checkpoints_path(&self.dir, number);
        cut_torn_note(&path, &append(&path, false)?)?;
        self.open = Some(self.opened(number)?);
        Ok(())
    }

    fn opened(&self, number: u32) -> io::Result<Open> {
        let path = segment_path(&self.dir, number);
        Ok(Open {
            segment: append(&path, false)?,
            again: OpenOptions::new().read(true).write(true).open(&path)?,
            checkpoints: append(&checkpoints_path(&self.dir, number), false)?,
        })
    }

    fn open(&mut self) -> io::Result<&mut Open> {
        self.open.as_mut().ok_or(io::ErrorKind::NotFound.into())
    }
}

impl Place for Folder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.open()?.segment.write(bytes)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.open()?.segment.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.open()?.segment.sync_data()
    }

    fn syncer(&self) -> io::Result<Syncer> {
        let open = self.open.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let again = open.again.try_clone()?;
        Ok(Box::new(move || again.sync_data()))
    }

    fn tail(&mut self, from: u64) -> io::Result<Vec<u8>> {
        let file = &mut self.open()?.again;
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(from))?;
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn overwrite(&mut self, from: u64, bytes: &[u8]) -> io::Result<()> {
        self.open()?.again.write_all_at(bytes, from)
    }

    fn begin(&mut self, number: u32, first: &[u8]) -> io::Result<()> {
        let path = segment_path(&self.dir, number);
        let mut segment = append(&path, true)?;
        let made = segment
            .write_all(first)
            .and_then(|()| segment.sync_all())
            .and_then(|()| self.opened(number))
            .and_then(|open| File::open(&self.dir)?.sync_all().map(|()| open));
        match made {
            Ok(open) => self.open = Some(open),
            Err(error) => {
                let _ = fs::remove_file(&path);
                return Err(error);
            }
        }
        Ok(())
    }

    fn checkpoint(&mut self, note: &str) -> io::Result<()> {
        let file = &mut self.open()?.checkpoints;
        let whole = file.metadata()?.len();
        let written = file.write_all(format!("{note}\n").as_bytes());
        if written.is_err() {
            file.set_len(whole)?;
        }
        written.and_then(|()| file.sync_data())
    }
}

/// No note of ours is longer, in bytes.
const LONGEST_NOTE: usize = 1024;

/// Cuts a note that the last run did not finish: glued to the next one it would look forged. Anything longer is not ours to remove.
fn cut_torn_note(path: &Path, file: &File) -> io::Result<()> {
    let text = String::from_utf8_lossy(&fs::read(path)?).into_owned();
    let whole: usize = checkpoint::split(&text).map(|note| note.len() + 1).sum();
    let torn = text.len().saturating_sub(whole);
    if (1..LONGEST_NOTE).contains(&torn) {
        file.set_len(whole.try_into().unwrap_or(u64::MAX))?;
    }
    Ok(())
}

/// Where a segment is.
pub(super) fn segment_path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:06}.jsonl"))
}

pub(super) fn checkpoints_path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:06}.checkpoints"))
}

/// The numbers of the segments in a folder, in order.
pub(super) fn segments(dir: &Path) -> io::Result<Vec<u32>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(".jsonl"));
        numbers.extend(stem.and_then(|stem| stem.parse::<u32>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn append(path: &Path, is_new: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .append(true)
        .create(true)
        .create_new(is_new)
        .mode(0o600);
    options.open(path)
}
