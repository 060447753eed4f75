//! Reading until nothing moves: files that are being written are neither old nor new.

use std::time::Duration;

use super::Texts;
use crate::{
    Fingerprint,
    fault::{Code, Fault, Part},
};

const READINGS: u8 = 5;
const APART: Duration = Duration::from_millis(100);

/// Compares readings. Give it one after the other, as far apart as it says.
#[derive(Default)]
pub struct Settling {
    last: Option<Result<Fingerprint, Vec<Fault>>>,
    readings: u8,
}

/// What to do next.
pub enum Step {
    /// Read again after this time.
    Again(Duration),
    /// Two readings agree, or they never did.
    Settled(Result<Texts, Vec<Fault>>),
}

impl Settling {
    /// Takes one reading; at most five, 100 ms apart, and two must agree. Faults that come twice count as agreement.
    pub fn offer(&mut self, read: Result<Texts, Vec<Fault>>) -> Step {
        let seen = read.as_ref().map(Texts::digest).map_err(Clone::clone);
        if self.last.as_ref() == Some(&seen) {
            return Step::Settled(read);
        }
        self.last = Some(seen);
        self.readings += 1;
        if self.readings < READINGS {
            Step::Again(APART)
        } else {
            Step::Settled(Err(vec![Fault::new(
                Code::UnstableFiles,
                Part::Certificate,
            )]))
        }
    }
}
