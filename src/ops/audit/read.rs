//! Reading the records of a folder, one after the other, with their places.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::checkpoint;
use super::folder;
use super::line::hex_text;
use super::tree::{Frontier, Hash};

/// No record of ours is longer, in bytes.
const LONGEST_LINE: u64 = 256 * 1024;

/// One line of a segment.
#[derive(Clone, Debug)]
pub struct Located {
    /// The number of the segment.
    pub segment: u32,
    /// The line in it, from 1.
    pub line: u64,
    /// The record without its newline.
    pub record: Vec<u8>,
    /// Whether the newline is there; only the last line of a log that is being written may lack it.
    pub is_whole: bool,
}

/// The place a record claims.
#[derive(Debug, Deserialize)]
pub(super) struct Head {
    pub(super) index: u64,
    pub(super) previous: String,
}

/// The record that begins a segment.
#[derive(Deserialize)]
pub(super) struct Segment {
    #[serde(default)]
    pub(super) time: String,
    pub(super) size: u64,
    pub(super) root: String,
    frontier: Vec<String>,
}

impl Segment {
    /// The tree before the segment.
    pub(super) fn tree(&self) -> Option<Frontier> {
        let roots: Option<Vec<Hash>> = self.frontier.iter().map(|text| hash(text)).collect();
        let tree = Frontier::of(self.size, roots?)?;
        (hex_text(&tree.root()) == self.root).then_some(tree)
    }
}

/// Reads a record, or a part of one, into a type.
pub(super) fn parse<'a, T: Deserialize<'a>>(record: &'a [u8]) -> Option<T> {
    serde_json::from_slice(record).ok()
}

/// What a record says about the record before it.
pub(super) fn short(leaf: &Hash) -> String {
    hex_text(leaf.get(..16).unwrap_or_default())
}

fn hash(text: &str) -> Option<Hash> {
    let digits = text.len() == 64 && text.is_ascii();
    let byte = |at: usize| u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.then(|| (0..32).map(byte).collect())?;
    bytes?.try_into().ok()
}

/// The lines of all segments in order.
pub struct Lines {
    dir: PathBuf,
    segments: std::vec::IntoIter<u32>,
    open: Option<(u32, u64, BufReader<File>)>,
}

impl Lines {
    /// From the first segment of a folder.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn of(dir: &Path) -> io::Result<Self> {
        Self::from(dir, folder::segments(dir)?)
    }

    pub(super) fn from(dir: &Path, segments: Vec<u32>) -> io::Result<Self> {
        Ok(Self {
            dir: dir.to_owned(),
            segments: segments.into_iter(),
            open: None,
        })
    }

    fn read(&mut self) -> io::Result<Option<Located>> {
        loop {
            if let Some((segment, line, reader)) = &mut self.open {
                let mut record = Vec::new();
                reader.take(LONGEST_LINE).read_until(b'\n', &mut record)?;
                if !record.is_empty() {
                    *line += 1;
                    let is_whole = record.pop_if(|last| *last == b'\n').is_some();
                    let (segment, line) = (*segment, *line);
                    return Ok(Some(Located {
                        segment,
                        line,
                        record,
                        is_whole,
                    }));
                }
            }
            let Some(number) = self.segments.next() else {
                return Ok(None);
            };
            let file = File::open(folder::segment_path(&self.dir, number))?;
            self.open = Some((number, 0, BufReader::with_capacity(1 << 16, file)));
        }
    }
}

impl Iterator for Lines {
    type Item = io::Result<Located>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// Every whole note of the folder, in the order of the files.
///
/// # Errors
/// When a file cannot be read.
pub fn checkpoints(dir: &Path) -> io::Result<Vec<String>> {
    let mut notes = Vec::new();
    for number in folder::segments(dir)? {
        match fs::read_to_string(folder::checkpoints_path(dir, number)) {
            Ok(text) => notes.extend(checkpoint::split(&text).map(str::to_owned)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(notes)
}

/// The verifier keys that lie beside the log, oldest first. They prove nothing against someone who could write there.
///
/// # Errors
/// When the file cannot be read.
pub fn verifiers(dir: &Path) -> io::Result<Vec<checkpoint::Verifier>> {
    let text = fs::read_to_string(dir.join(folder::VERIFIER_KEY))?;
    Ok(text
        .lines()
        .filter_map(checkpoint::Verifier::parse)
        .collect())
}
