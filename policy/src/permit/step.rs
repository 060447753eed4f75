//! What becomes of one message of a server, and of the call it ended.

use super::{Permitted, Released};
use crate::failure::Failure;
use crate::refusal::{Line, Reason};

/// What to do after one message of the server was judged.
pub enum Step {
    /// Post this; the call goes on.
    Notify(Released),
    /// Send this to the server; the call goes on.
    Reply(Permitted),
    /// Nothing crosses; the call goes on. For the record.
    Ignore(Ignored),
    /// Post this; the call is over.
    Final(Released, Verdict),
}

/// Why a message of the server went nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// A notification the policy does not list, or progress of another call (B13).
    Notification,
    /// An answer to something else (D12).
    ForeignAnswer,
    /// More messages than the policy allows for one call; only its answer still crosses (D10).
    Excess,
}

impl Ignored {
    /// The stable word for logs and records.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Notification => "notification",
            Self::ForeignAnswer => "foreign_answer",
            Self::Excess => "excess",
        }
    }
}

/// What was found of the message that ended a call, for the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Released; a listing without this many items.
    Released {
        /// Items taken out of a listing.
        removed: usize,
    },
    /// Refused, by this line if one decided.
    Refused(Reason, Option<Line>),
    /// No answer to this call: told as a local failure. The reason if the gate or the envelope refused it.
    Failed(Failure, Option<Reason>),
}
