//! What a verification is told, and what it tells.

use std::fmt;
use std::io;

use crate::ops::audit::checkpoint::Verifier;

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Its bytes are not those that were written.
    Altered,
    /// It is gone, and others follow.
    Deleted,
    /// It was never written.
    Inserted,
    /// It stands in another place.
    Reordered,
    /// It and all that followed is gone.
    Truncated,
    /// A checkpoint of this size carries a signature that does not hold.
    Forged,
    /// No checkpoint of a trusted key covers the log.
    Unsigned,
}

/// The first bad record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// What is wrong.
    pub what: What,
    /// The index of the record.
    pub index: u64,
    /// The segment where it stands or should stand.
    pub segment: u32,
    /// The line in it, from 1.
    pub line: u64,
    /// How exactly it could be told.
    pub detail: String,
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.what {
            What::Altered => "altered",
            What::Deleted => "deleted",
            What::Inserted => "inserted",
            What::Reordered => "reordered",
            What::Truncated => "truncated",
            What::Forged => "forged checkpoint",
            What::Unsigned => "unsigned",
        };
        let Self {
            index,
            segment,
            line,
            detail,
            ..
        } = self;
        write!(
            f,
            "{word}: record {index}, segment {segment:06}, line {line}: {detail}"
        )
    }
}

/// Why a log does not verify.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It was changed.
    #[error("{0}")]
    Bad(Bad),
    /// It could not be read.
    #[error("could not read the log: {0}")]
    Unreadable(#[from] io::Error),
}

/// A log that verifies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// The index of the first record there is.
    pub first: u64,
    /// One more than the index of the last.
    pub size: u64,
    /// Checkpoints that hold.
    pub checkpoints: u64,
    /// Records that a checkpoint covers: all below this index.
    pub signed: u64,
    /// Bytes of a record that is being written, or was when the agent ended.
    pub torn_bytes: u64,
}

/// What to verify against.
#[derive(Clone, Debug, Default)]
pub struct Against {
    /// Keys that are trusted from the start.
    pub keys: Vec<Verifier>,
    /// A checkpoint that was exported earlier.
    pub exported: Option<String>,
    /// The first segments may be kept elsewhere.
    pub is_partial: bool,
}
