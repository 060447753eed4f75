//! What is known to survive a power cut, and what a failed sync leaves in doubt.
//!
//! After a failed `fdatasync` the system may have dropped what it could not write, and the next one says that all is well. So nothing is signed and no
//! call is let through until everything since the last good one was read back, held against the tree, written again and synced.

use std::io;

use super::{Failing, Log};
use crate::ops::audit::checkpoint::Checkpoint;
use crate::ops::audit::place::Syncer;
use crate::ops::audit::tree::{Frontier, leaf};

/// A place in the log: everything before it is, or is about to be, durable.
#[derive(Clone)]
pub(in crate::ops::audit) struct Mark {
    pub(in crate::ops::audit) number: u32,
    pub(in crate::ops::audit) bytes: u64,
    pub(in crate::ops::audit) tree: Frontier,
}

/// A head that can be signed once its records are durable.
pub(in crate::ops::audit) struct Head {
    pub(super) checkpoint: Checkpoint,
    mark: Mark,
}

impl Log {
    /// The place where the log is now.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            number: self.number,
            bytes: self.segment.bytes(),
            tree: self.tree.clone(),
        }
    }

    /// What to sign, and what makes it durable without holding the log.
    pub(in crate::ops::audit) fn head(&mut self) -> io::Result<(Head, Syncer)> {
        let checkpoint = Checkpoint {
            origin: self.origin.clone(),
            size: self.tree.size(),
            root: self.tree.root(),
        };
        let mark = self.mark();
        Ok((Head { checkpoint, mark }, self.segment.place().syncer()?))
    }

    /// Notes that everything before a head is durable, unless a sync failed meanwhile.
    pub(super) fn reach(&mut self, head: &Head) -> io::Result<()> {
        if self.is_in_doubt {
            return Err(io::Error::other("what was written is in doubt"));
        }
        let (old, new) = (&self.durable, &head.mark);
        if new.number == old.number && new.bytes > old.bytes {
            self.durable = new.clone();
        }
        Ok(())
    }

    /// Returns when what was written survives a power cut.
    pub(in crate::ops::audit) fn sync_or_fail(&mut self, now: u64) -> io::Result<()> {
        let synced = self.segment.place().sync();
        match &synced {
            Ok(()) => self.durable = self.mark(),
            Err(error) => self.doubt(error, now),
        }
        synced
    }

    /// A sync failed: nothing since the last good one can be relied on.
    pub(in crate::ops::audit) fn doubt(&mut self, error: &io::Error, now: u64) {
        self.is_in_doubt = true;
        self.failing.get_or_insert_with(|| Failing {
            reason: error.to_string(),
            since: now,
            denied: 0,
            denies: true,
        });
    }

    /// Reads back what is in doubt, and writes it again if it is what the tree says.
    pub(in crate::ops::audit) fn settle(&mut self) -> io::Result<()> {
        let Mark { bytes: from, .. } = self.durable;
        let mut tail = self.segment.place().tail(from)?;
        let whole = self.segment.bytes().saturating_sub(from);
        tail.truncate(usize::try_from(whole).unwrap_or(usize::MAX));
        let mut tree = self.durable.tree.clone();
        let lines = tail.split_inclusive(|byte| *byte == b'\n');
        lines.for_each(|line| tree.push(leaf(line.strip_suffix(b"\n").unwrap_or(line))));
        if tree != self.tree {
            return Err(io::Error::other(
                "the segment does not hold what was written to it",
            ));
        }
        self.segment.place().overwrite(from, &tail)?;
        self.segment.place().sync()?;
        self.is_in_doubt = false;
        self.durable = self.mark();
        Ok(())
    }
}
