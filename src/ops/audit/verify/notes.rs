//! Holding the tree against the signed checkpoints.

use super::{Bad, Located, Verified, Walk, What, bad};
use crate::ops::audit::checkpoint::{self, Checkpoint, NoteFault};

impl Walk {
    pub(super) fn check_notes(&mut self, line: &Located, is_chained: bool) -> Result<(), Bad> {
        let size = self.tree.size();
        for note in self.notes.get(&size).cloned().unwrap_or_default() {
            match checkpoint::open(&note, &self.trusted) {
                Ok(checkpoint) => self.hold(&checkpoint, line, is_chained)?,
                Err(NoteFault::Forged) => {
                    return Err(bad(
                        What::Forged,
                        size.saturating_sub(1),
                        line,
                        "the checkpoint after it is not by the key it names",
                    ));
                }
                Err(NoteFault::Malformed | NoteFault::Unknown) => {}
            }
        }
        Ok(())
    }

    fn hold(
        &mut self,
        checkpoint: &Checkpoint,
        line: &Located,
        is_chained: bool,
    ) -> Result<(), Bad> {
        let (signed, size) = (self.found.signed, checkpoint.size);
        if checkpoint.root != self.tree.root() {
            let is_one = !is_chained || signed + 1 == size;
            let detail = if is_one {
                "the checkpoint after it has another root".to_owned()
            } else {
                format!(
                    "the checkpoint after it has another root: it, or one from {signed} on with the chain rewritten"
                )
            };
            return Err(bad(What::Altered, size.saturating_sub(1), line, &detail));
        }
        self.found.checkpoints += 1;
        self.found.signed = size;
        self.trusted.append(&mut self.announced);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Verified, Bad> {
        let size = self.tree.size();
        let (segment, line) = self
            .last
            .as_ref()
            .map_or((1, 0), |last| (last.segment, last.line));
        let beyond = self.notes.split_off(&(size + 1));
        let newest = beyond
            .values()
            .flatten()
            .rev()
            .find_map(|note| checkpoint::open(note, &self.trusted).ok());
        if let Some(newest) = newest {
            let detail = format!(
                "the log ends here, and a checkpoint says that it had {} records",
                newest.size
            );
            return Err(Bad {
                what: What::Truncated,
                index: size,
                segment,
                line: line + 1,
                detail,
            });
        }
        if self.found.checkpoints == 0 {
            let detail = "no checkpoint of a trusted key covers it".to_owned();
            return Err(Bad {
                what: What::Unsigned,
                index: 0,
                segment,
                line,
                detail,
            });
        }
        self.found.size = size;
        Ok(self.found)
    }
}
