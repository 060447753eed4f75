//! Whether the policy lets anything cross at all: a file in doubt under quarantine, or a policy past its end, lowers the gate.

use std::sync::{Arc, Mutex, PoisonError};

use crate::ops::Ops;
use crate::ops::gate::Cause;

/// See the module.
pub(super) struct Holding {
    ops: Arc<Ops>,
    doubts: Mutex<Doubts>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Doubts {
    invalid: bool,
    ended: bool,
}

impl Doubts {
    fn reason(self) -> Option<&'static str> {
        match self {
            Self { ended: true, .. } => Some("the policy is past its `not_after`"),
            Self { invalid: true, .. } => {
                Some("the policy file cannot be used, and the policy says `quarantine`")
            }
            Self { .. } => None,
        }
    }
}

impl Holding {
    pub(super) fn new(ops: Arc<Ops>) -> Self {
        Self {
            ops,
            doubts: Mutex::default(),
        }
    }

    /// Whether the file may not be used, and nothing goes on without it.
    pub(super) fn is_invalid(&self, invalid: bool) {
        self.settle(|doubts| doubts.invalid = invalid);
    }

    /// Whether the policy in force is past its end.
    pub(super) fn has_ended(&self, ended: bool) {
        self.settle(|doubts| doubts.ended = ended);
    }

    fn settle(&self, change: impl FnOnce(&mut Doubts)) {
        let mut doubts = self.doubts.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *doubts;
        change(&mut doubts);
        match doubts.reason() {
            reason if reason == before.reason() => {}
            Some(reason) => self.ops.lower(Cause::Policy, reason),
            None => self.ops.raise(Cause::Policy),
        }
    }
}
