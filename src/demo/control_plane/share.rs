//! Trouble that comes by itself: one request in so many is spoiled, by each fault in turn.

use super::Fault;

/// The faults of one kind of request. By default there are none.
#[derive(Default)]
pub(super) struct Share {
    one_in: u64,
    faults: Vec<Fault>,
    seen: u64,
}

impl Share {
    /// One request in `one_in` gets the next of these faults; 0 is never.
    pub(super) fn new(one_in: u64, faults: &[Fault]) -> Self {
        Self {
            one_in,
            faults: faults.to_vec(),
            seen: 0,
        }
    }

    /// The fault of the request that arrives now.
    pub(super) fn next(&mut self) -> Option<Fault> {
        self.seen += 1;
        let turn = self
            .seen
            .checked_div(self.one_in)
            .filter(|_| self.seen.is_multiple_of(self.one_in))?;
        let count = u64::try_from(self.faults.len()).ok()?;
        let place = usize::try_from(turn.checked_rem(count)?).ok()?;
        self.faults.get(place).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_in_so_many_is_spoiled_by_each_fault_in_turn() {
        let mut share = Share::new(3, &[Fault::Hold, Fault::CutInsideBody]);
        let struck: Vec<bool> = (0..9).map(|_| share.next().is_some()).collect();
        assert_eq!(
            struck,
            [false, false, true, false, false, true, false, false, true]
        );
        let mut kinds = Share::new(1, &[Fault::Hold, Fault::CutInsideBody]);
        assert!(matches!(kinds.next(), Some(Fault::CutInsideBody)));
        assert!(matches!(kinds.next(), Some(Fault::Hold)));
        assert!(Share::default().next().is_none());
        assert!(Share::new(2, &[]).next().is_none());
    }
}
