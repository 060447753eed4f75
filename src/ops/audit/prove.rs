//! One record proven without the others: c2sp.org/tlog-proof, with the record itself as the extra line.

use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::checkpoint::{self, Checkpoint, Verifier};
use super::read::{self, Lines};
use super::tree::{self, Frontier, Hash, leaf};

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// Why there is no proof, or why it does not hold.
#[derive(Debug, thiserror::Error)]
pub enum ProofFault {
    /// The log could not be read.
    #[error("could not read the log: {0}")]
    Unreadable(#[from] io::Error),
    /// No checkpoint covers the record yet.
    #[error("no checkpoint of a trusted key covers record {0} yet: try again in a second")]
    Uncovered(u64),
    /// The log does not have the root of its checkpoint.
    #[error("the log does not lead to its newest checkpoint: run `portcullis audit verify`")]
    Contradicted,
    /// The text is no proof.
    #[error("this is no proof with its record")]
    Malformed,
    /// The checkpoint in it does not hold.
    #[error("{0}")]
    Note(#[from] checkpoint::NoteFault),
    /// The record is not the one that was logged.
    #[error("the record is not in the log of this checkpoint")]
    Refuted,
}

/// The newest checkpoint of a folder that a trusted key signed, as a note and as a value.
///
/// # Errors
/// When the folder cannot be read.
pub fn newest(dir: &Path, trusted: &[Verifier]) -> io::Result<Option<(String, Checkpoint)>> {
    let notes = read::checkpoints(dir)?;
    let opened = notes.into_iter().filter_map(|note| {
        let checkpoint = checkpoint::open(&note, trusted).ok()?;
        Some((note, checkpoint))
    });
    Ok(opened.max_by_key(|(_, checkpoint)| checkpoint.size))
}

/// Proves a record of a folder whose first segment is there.
///
/// # Errors
/// [`ProofFault`].
pub fn prove(dir: &Path, index: u64, trusted: &[Verifier]) -> Result<String, ProofFault> {
    let uncovered = ProofFault::Uncovered(index);
    let Some((note, checkpoint)) = newest(dir, trusted)? else {
        return Err(uncovered);
    };
    let Some(spans) = tree::path(index, checkpoint.size) else {
        return Err(uncovered);
    };
    let mut trees = vec![Frontier::default(); spans.len()];
    let mut record = Vec::new();
    for (at, line) in (0..checkpoint.size).zip(Lines::of(dir)?) {
        let line = line?.record;
        let span = spans
            .iter()
            .position(|(from, to)| (*from..*to).contains(&at));
        match span.and_then(|span| trees.get_mut(span)) {
            Some(tree) => tree.push(leaf(&line)),
            None => record = line,
        }
    }
    let hashes: Vec<Hash> = trees.iter().map(Frontier::root).collect();
    let root = tree::root_of_proof(index, checkpoint.size, leaf(&record), &hashes);
    if root != Some(checkpoint.root) {
        return Err(ProofFault::Contradicted);
    }
    Ok(text(index, &record, &hashes, &note))
}

fn text(index: u64, record: &[u8], hashes: &[Hash], note: &str) -> String {
    let hashes: String = hashes
        .iter()
        .map(|hash| STANDARD.encode(hash) + "\n")
        .collect();
    format!(
        "{FIRST_LINE}\nextra {}\nindex {index}\n{hashes}\n{note}",
        STANDARD.encode(record)
    )
}

/// Checks a proof by itself; gives the record.
///
/// # Errors
/// [`ProofFault`].
pub fn check(proof: &str, trusted: &[Verifier]) -> Result<Vec<u8>, ProofFault> {
    let (head, note) = proof.split_once("\n\n").ok_or(ProofFault::Malformed)?;
    let (index, record, hashes) = parse(head).ok_or(ProofFault::Malformed)?;
    let checkpoint = checkpoint::open(note, trusted)?;
    let root = tree::root_of_proof(index, checkpoint.size, leaf(&record), &hashes);
    if root == Some(checkpoint.root) {
        Ok(record)
    } else {
        Err(ProofFault::Refuted)
    }
}

fn parse(head: &str) -> Option<(u64, Vec<u8>, Vec<Hash>)> {
    let mut lines = head.lines();
    if lines.next()? != FIRST_LINE {
        return None;
    }
    let record = STANDARD
        .decode(lines.next()?.strip_prefix("extra ")?)
        .ok()?;
    let index = lines.next()?.strip_prefix("index ")?.parse().ok()?;
    let hash = |line: &str| STANDARD.decode(line).ok()?.try_into().ok();
    let hashes: Option<Vec<Hash>> = lines.map(hash).collect();
    Some((index, record, hashes?))
}
