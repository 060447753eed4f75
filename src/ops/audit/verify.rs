//! Verifying a folder of segments: the first bad record is named, with its place and what is wrong with it.
//!
//! Each record names its index and the hash of its predecessor, so one that was altered, deleted, inserted or moved is named exactly. Who rewrites
//! everything after it too meets the next signed checkpoint, which bounds the place to the records since the one before.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

use serde::Deserialize;

use super::checkpoint::Verifier;
use super::read::{self, Head, Lines, Located, Segment, short};
use super::tree::{Frontier, Hash, leaf};
use diagnose::Scene;

mod diagnose;
mod found;
mod notes;

pub use found::{Against, Bad, Failure, Verified, What};

#[derive(Deserialize)]
struct KeyRecord {
    kind: String,
    verifier: Option<String>,
    replaces: Option<String>,
}

struct Walk {
    tree: Frontier,
    last: Option<Located>,
    last_leaf: Hash,
    trusted: Vec<Verifier>,
    announced: Vec<Verifier>,
    notes: BTreeMap<u64, Vec<String>>,
    found: Verified,
}

/// Verifies the log of a folder. Works on copies, and while the agent runs.
///
/// # Errors
/// [`Failure`]: the first bad record, or what could not be read.
pub fn verify(dir: &Path, against: &Against) -> Result<Verified, Failure> {
    // Checkpoints first: records that come while we read only make the log longer than they say.
    let mut notes = read::checkpoints(dir)?;
    notes.extend(against.exported.clone());
    let mut walk = Walk::new(notes, against.keys.clone());
    let mut lines = Lines::of(dir)?;
    let mut ahead: VecDeque<Located> = VecDeque::new();
    loop {
        while ahead.len() < 2 {
            match lines.next().transpose()? {
                Some(line) => ahead.push_back(line),
                None => break,
            }
        }
        let Some(line) = ahead.pop_front() else { break };
        let is_last = ahead.is_empty();
        if is_last && !line.is_whole && read::parse::<Head>(&line.record).is_none() {
            walk.found.torn_bytes = super::line::as_u64(line.record.len());
            break;
        }
        walk.step(&line, against.is_partial, &ahead, &mut lines)
            .map_err(Failure::Bad)?;
    }
    walk.finish().map_err(Failure::Bad)
}

impl Walk {
    fn new(notes: Vec<String>, trusted: Vec<Verifier>) -> Self {
        let mut by_size: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for note in notes {
            let size = note.lines().nth(1).and_then(|size| size.parse().ok());
            by_size
                .entry(size.unwrap_or_default())
                .or_default()
                .push(note);
        }
        Self {
            tree: Frontier::default(),
            last: None,
            last_leaf: [0; 32],
            trusted,
            announced: Vec::new(),
            notes: by_size,
            found: Verified::default(),
        }
    }

    fn step(
        &mut self,
        line: &Located,
        is_partial: bool,
        ahead: &VecDeque<Located>,
        lines: &mut Lines,
    ) -> Result<(), Bad> {
        let next = ahead
            .front()
            .and_then(|next| read::parse::<Head>(&next.record));
        if self.last.is_none() && is_partial {
            self.begin_in_the_middle(line)?;
        }
        let head: Option<Head> = read::parse(&line.record);
        let follows = head.as_ref().is_some_and(|head| {
            let is_first = self.last.is_none() && is_partial;
            head.index == self.tree.size() && (is_first || head.previous == short(&self.last_leaf))
        });
        if !follows {
            let proven =
                self.notes.contains_key(&self.tree.size()) && self.found.signed == self.tree.size();
            let scene = Scene {
                expected: self.tree.size(),
                line,
                head,
                last: self.last.as_ref(),
                last_leaf: self.last_leaf,
                last_is_proven: proven,
                next: ahead.front(),
                next_head: next,
            };
            return Err(scene.diagnose(ahead.iter().cloned().chain(lines.map_while(Result::ok))));
        }
        self.accept(line)?;
        let is_chained = next.is_none_or(|next| next.previous == short(&self.last_leaf));
        self.check_notes(line, is_chained)
    }

    /// The first segment there is says what the tree was before it.
    fn begin_in_the_middle(&mut self, line: &Located) -> Result<(), Bad> {
        let tree = read::parse::<Segment>(&line.record).and_then(|segment| segment.tree());
        self.tree =
            tree.ok_or_else(|| bad(What::Altered, 0, line, "it does not begin a segment"))?;
        self.found.first = self.tree.size();
        Ok(())
    }

    fn accept(&mut self, line: &Located) -> Result<(), Bad> {
        if line.line == 1 {
            let same = read::parse::<Segment>(&line.record).and_then(|segment| segment.tree());
            if same.as_ref() != Some(&self.tree) {
                return Err(bad(
                    What::Altered,
                    self.tree.size(),
                    line,
                    "it names another tree than the records before it make",
                ));
            }
        }
        self.last_leaf = leaf(&line.record);
        self.tree.push(self.last_leaf);
        self.last = Some(line.clone());
        self.note_key(&line.record);
        Ok(())
    }

    /// A key that a trusted one announces is trusted once a checkpoint covers the announcement.
    fn note_key(&mut self, record: &[u8]) {
        let is_key = record
            .windows(12)
            .take(120)
            .any(|part| part == b"\"kind\":\"key\"");
        let Some(key) = is_key.then(|| read::parse::<KeyRecord>(record)).flatten() else {
            return;
        };
        let replaces = key.replaces.filter(|_| key.kind == "key");
        let known = replaces.is_some_and(|old| self.trusted.iter().any(|key| key.text() == old));
        if known {
            self.announced
                .extend(key.verifier.as_deref().and_then(Verifier::parse));
        }
    }
}

fn bad(what: What, index: u64, line: &Located, detail: &str) -> Bad {
    Bad {
        what,
        index,
        segment: line.segment,
        line: line.line,
        detail: detail.to_owned(),
    }
}
