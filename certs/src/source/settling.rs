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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn reading(text: &str) -> Result<Texts, Vec<Fault>> {
        Ok(Texts::fake(vec![(Part::Roots, text.into())]))
    }

    fn broken() -> Result<Texts, Vec<Fault>> {
        Err(vec![Fault::new(Code::Unreadable, Part::Roots)])
    }

    fn after(readings: Vec<Result<Texts, Vec<Fault>>>) -> (usize, Option<Code>) {
        let mut settling = Settling::default();
        let count = readings.len();
        for (at, read) in readings.into_iter().enumerate() {
            match settling.offer(read) {
                Step::Again(after) => assert_eq!(after, APART),
                Step::Settled(Ok(_)) => return (at + 1, None),
                Step::Settled(Err(faults)) => {
                    return (at + 1, Some(faults.first().unwrap().code()));
                }
            }
        }
        panic!("not settled after {count}");
    }

    #[test]
    fn two_readings_must_agree_and_five_are_enough() {
        let of = |texts: &[&str]| after(texts.iter().map(|text| reading(text)).collect());
        assert_eq!(of(&["a", "a"]), (2, None));
        assert_eq!(of(&["a", "b", "b"]), (3, None));
        assert_eq!(of(&["a", "b", "a", "b", "b"]), (5, None));
        assert_eq!(
            of(&["a", "b", "a", "b", "a"]),
            (5, Some(Code::UnstableFiles))
        );
    }

    #[test]
    fn a_fault_that_stays_is_believed_and_one_that_passes_is_not() {
        assert_eq!(after(vec![broken(), broken()]), (2, Some(Code::Unreadable)));
        let healed = vec![broken(), reading("a"), reading("a")];
        assert_eq!(after(healed), (3, None));
    }
}
