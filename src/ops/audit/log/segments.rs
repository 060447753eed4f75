//! Closing a segment and beginning the next.

use std::io;

use super::{Draft, Log};
use crate::ops::audit::encode;
use crate::ops::audit::line::hex_text;

impl Log {
    pub(super) fn rotate_if_due(&mut self, now: u64) -> io::Result<()> {
        // Either way round: a segment that was begun under a clock that ran ahead would else stay open until time has caught up.
        let old = now.abs_diff(self.opened) >= self.bounds.age_micros;
        let due = self.number > 0 && (self.segment.bytes() >= self.bounds.bytes || old);
        if due {
            self.sync_or_fail(now)?;
            self.checkpoint()?;
            self.begin_segment(now)?;
        }
        Ok(())
    }

    /// Opens the next segment with the record that lets a reader start there.
    pub(in crate::ops::audit) fn begin_segment(&mut self, now: u64) -> io::Result<()> {
        let mut line = encode::open("segment", now);
        line.number("segment", u64::from(self.number) + 1);
        line.text("origin", &self.origin);
        line.number("size", self.tree.size());
        line.hex("root", &self.tree.root());
        let frontier: Vec<String> = self
            .tree
            .roots()
            .iter()
            .map(|root| hex_text(root))
            .collect();
        line.list("frontier", frontier.iter().map(String::as_str));
        let mut draft = Draft::default();
        self.place(&mut draft, &line.into_bytes());
        self.segment.begin(self.number + 1, &draft.lines)?;
        self.commit(&draft);
        (self.number, self.opened) = (self.number + 1, now);
        self.durable = self.mark();
        Ok(())
    }
}
