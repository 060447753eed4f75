//! Opening the log of a folder: take the lock, the key, and the place where the last run ended.
//!
//! Promises: a torn last line is cut and told, never a whole record; a log that was altered, or ends before its newest checkpoint, is left as it is
//! and not continued. Only the last segment is read.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use super::checkpoint;
use super::fault::Fault;
use super::folder::{self, Folder};
use super::key::Signer;
use super::log::{Mark, Position};
use super::read::{self, Head, Lines, Located, Segment, short};
use super::stamp;
use super::tree::{Frontier, leaf};
use keys::take_key;

mod keys;

pub(super) use keys::write_verifier;

const ALTERED: &str =
    "run `portcullis audit verify`, keep the folder as evidence, and start with another";

/// A log to go on with.
pub(super) struct Resumed {
    pub(super) folder: Folder,
    pub(super) signer: Signer,
    pub(super) position: Position,
    pub(super) is_new_key: bool,
    /// Bytes of a torn record that were cut.
    pub(super) torn: u64,
}

pub(super) fn resume(dir: &Path, origin: &str, now: u64) -> Result<Resumed, Fault> {
    if !checkpoint::is_name(origin) {
        return Err(Fault::new(
            "the origin is no key name",
            "use letters, digits, `.`, `-` and `/`",
        ));
    }
    let mut folder = Folder::lock(dir)?;
    let failed = |error: io::Error| Fault::io("read", dir, &error);
    let segments = folder::segments(dir).map_err(failed)?;
    let signer = take_key(&folder, origin, segments.is_empty())?;
    let (position, torn) = match last_whole(dir, &segments)? {
        Some(last) => {
            let (position, torn) = replay(dir, last, now)?;
            folder.resume(last).map_err(failed)?;
            (position, torn)
        }
        None => (Position::start(), 0),
    };
    Ok(Resumed {
        folder,
        signer,
        position,
        is_new_key: segments.is_empty(),
        torn,
    })
}

/// The last segment that holds a whole record; one that holds none was being made when the last run ended, and is removed.
fn last_whole(dir: &Path, segments: &[u32]) -> Result<Option<u32>, Fault> {
    for number in segments.iter().rev() {
        let path = folder::segment_path(dir, *number);
        let failed = |error: io::Error| Fault::io("read", &path, &error);
        let first = Lines::from(dir, vec![*number]).and_then(|mut lines| lines.next().transpose());
        if first.map_err(failed)?.is_some_and(|first| first.is_whole) {
            return Ok(Some(*number));
        }
        fs::remove_file(&path).map_err(failed)?;
    }
    Ok(None)
}

fn replay(dir: &Path, number: u32, now: u64) -> Result<(Position, u64), Fault> {
    let path = folder::segment_path(dir, number);
    let failed = |error: io::Error| Fault::io("read", &path, &error);
    let newest = newest_checkpoint(dir)?;
    let mut position = Position {
        number,
        opened: now,
        ..Position::start()
    };
    let mut is_confirmed = newest.is_none();
    let mut torn = 0;
    for line in Lines::from(dir, vec![number]).map_err(failed)? {
        let line = line.map_err(failed)?;
        if !line.is_whole && read::parse::<Head>(&line.record).is_none() {
            torn = super::line::as_u64(line.record.len());
            continue;
        }
        advance(&mut position, &line)?;
        let is_signed = newest
            .as_ref()
            .is_some_and(|newest| newest.size == position.tree.size());
        if is_signed {
            position.durable = position.mark();
        }
        if let Some(newest) = newest.as_ref().filter(|c| c.size <= position.tree.size()) {
            let differs =
                newest.size == position.tree.size() && newest.root != position.tree.root();
            if differs {
                return Err(altered(&line, "contradicts the newest checkpoint"));
            }
            is_confirmed = true;
        }
    }
    if !is_confirmed {
        return Err(Fault::new(
            "the log ends before its newest checkpoint: records were removed",
            ALTERED,
        ));
    }
    mend(&path, &position).map_err(failed)?;
    Ok((position, torn))
}

fn advance(position: &mut Position, line: &Located) -> Result<(), Fault> {
    let head: Head = read::parse(&line.record).ok_or_else(|| altered(line, "is no record"))?;
    if line.line == 1 {
        let segment: Option<Segment> = read::parse(&line.record);
        // What the record says, and not the file: a copy of it is younger.
        let opened = segment
            .as_ref()
            .and_then(|segment| stamp::parse(&segment.time));
        position.opened = opened.unwrap_or(position.opened);
        let tree = segment.and_then(|segment| segment.tree());
        position.tree = tree.ok_or_else(|| altered(line, "does not begin a segment"))?;
        position.durable = position.mark();
    } else if head.previous != short(&position.last) {
        return Err(altered(line, "does not follow the record before it"));
    }
    if head.index != position.tree.size() {
        return Err(altered(line, "has another index than its place"));
    }
    position.last = leaf(&line.record);
    position.tree.push(position.last);
    position.bytes += super::line::as_u64(line.record.len()) + 1;
    Ok(())
}

/// Cuts what is torn; gives the newline to a whole record that lacks it.
fn mend(path: &Path, position: &Position) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).open(path)?;
    if file.metadata()?.len() + 1 == position.bytes {
        return file.write_all(b"\n");
    }
    file.set_len(position.bytes)
}

fn altered(line: &Located, problem: &str) -> Fault {
    let place = format!(
        "line {} of segment {:06} {problem}",
        line.line, line.segment
    );
    Fault::new(place, ALTERED)
}

/// The newest checkpoint signed by a key that lies beside the log.
fn newest_checkpoint(dir: &Path) -> Result<Option<checkpoint::Checkpoint>, Fault> {
    let failed = |error: io::Error| Fault::io("read the checkpoints of", dir, &error);
    let trusted = read::verifiers(dir).map_err(failed)?;
    let notes = read::checkpoints(dir).map_err(failed)?;
    let signed = notes
        .iter()
        .filter_map(|note| checkpoint::open(note, &trusted).ok());
    Ok(signed.max_by_key(|checkpoint| checkpoint.size))
}

impl Position {
    /// Before the first record.
    pub(super) fn start() -> Self {
        Self {
            tree: Frontier::default(),
            last: [0; 32],
            number: 0,
            opened: 0,
            bytes: 0,
            durable: Mark {
                number: 0,
                bytes: 0,
                tree: Frontier::default(),
            },
        }
    }

    fn mark(&self) -> Mark {
        Mark {
            number: self.number,
            bytes: self.bytes,
            tree: self.tree.clone(),
        }
    }
}
