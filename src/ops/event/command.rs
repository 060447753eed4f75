//! What can happen to one command, from its receipt to its outcome.

use std::time::Duration;

/// What can happen to one command.
#[derive(Clone, Copy, Debug)]
pub enum CommandEvent<'a> {
    /// It cannot be carried out.
    Unusable {
        /// The stable word.
        reason: &'static str,
        /// Whether it says whom to answer.
        answerable: bool,
    },
    /// A part was left out before it was judged.
    LeftOut {
        /// The stable word.
        notice: &'static str,
    },
    /// It came again and is not carried out again (E2).
    Duplicate,
    /// It was taken and waits for its channel's turn. Exactly one [`CommandEvent::Left`] follows.
    Queued {
        /// From its creation, as the service tells it, to its receipt, if it can be told.
        age: Option<Duration>,
    },
    /// Its turn came.
    Began {
        /// How long it waited.
        waited: Duration,
    },
    /// It gave its place back, whatever became of it.
    Left {
        /// Whether its turn had come.
        began: bool,
    },
    /// The queue of its channel had no place.
    Overflow,
    /// It may go in.
    Permitted {
        /// What kind of message.
        kind: CallKind,
        /// The catalogue's name of the method, or empty.
        method: &'static str,
        /// The tool, as the policy lists it, or empty.
        tool: &'a str,
    },
    /// The rules refuse it, and it goes in all the same: its server is on trial.
    Observed {
        /// The stable word.
        reason: &'static str,
        /// The line of the policy, 0 if no line decided.
        line: u32,
    },
    /// It, or its answer, may not cross.
    Refused {
        /// Which way the message was going.
        side: Side,
        /// The stable word.
        reason: &'static str,
        /// The line of the policy, 0 if no line decided.
        line: u32,
    },
    /// Its answer may cross.
    Released {
        /// Items of a listing taken out of it.
        removed: usize,
    },
    /// There is no answer to judge.
    Failed {
        /// Who failed: the word of the wire.
        source: &'static str,
        /// What happened: the word of the wire.
        kind: &'static str,
        /// The reason of the decision that ended the call, or empty.
        reason: &'static str,
    },
    /// A message of the server went nowhere.
    Ignored {
        /// The stable word.
        what: &'static str,
    },
    /// A notification was not taken; those after it are dropped.
    NotifyFailed {
        /// What went wrong, without text of a caller.
        error: &'a str,
    },
    /// Notifications were dropped after one that was not taken.
    NotificationsDropped {
        /// How many.
        count: u64,
    },
    /// A request of the server's own could not be answered.
    OwnAnswerFailed {
        /// What happened: the word of the wire.
        kind: &'static str,
    },
    /// The reply was taken.
    Replied {
        /// The `resp_code`.
        code: u16,
        /// What kind of message it answers.
        kind: CallKind,
        /// The catalogue's name of the method, or empty.
        method: &'static str,
        /// How long it took.
        times: Times,
    },
    /// The reply was not taken.
    PostFailed {
        /// What went wrong, without text of a caller.
        error: &'a str,
    },
    /// There is no reply, for this reason.
    Unanswered {
        /// Why.
        why: NoAnswer,
    },
    /// The outcome was lost: a defect.
    Lost,
    /// A panic was caught, and the command refused.
    Panicked,
}

/// Which command an event is about.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The service's id of the command: visible ASCII, at most 256 bytes.
    pub request_id: &'a str,
    /// Names the decision in log, audit and refusal; 0 before there is one.
    pub correlation: u128,
    /// The channel.
    pub channel: &'a str,
}

/// What kind of message a command carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallKind {
    /// A request that expects an answer.
    Call,
    /// A notification, or the answer to a request of the server.
    Notification,
    /// The end of a session.
    Termination,
    /// Nothing that can be carried out.
    Unusable,
}

impl CallKind {
    /// The word of the reference's label `request_kind`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Notification => "notification",
            Self::Termination => "session_termination",
            Self::Unusable => "unusable",
        }
    }
}

/// Which way a refused message was going.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// To the private server.
    Request,
    /// Back to the caller.
    Answer,
}

impl Side {
    /// The stable word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Answer => "answer",
        }
    }
}

/// Why a command has no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoAnswer {
    /// The service's own deadline passed: it has answered the caller itself (wire sheet 10.4).
    Expired,
    /// The reply could not be posted.
    PostFailed,
    /// It named nobody to answer.
    NoAddress,
    /// It had come before (E2).
    Duplicate,
    /// The agent stopped before it was done.
    Stopped,
}

impl NoAnswer {
    /// The stable word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::PostFailed => "post_failed",
            Self::NoAddress => "no_address",
            Self::Duplicate => "duplicate",
            Self::Stopped => "stopped",
        }
    }
}

/// How long a reply took, in the two ways the reference measures it.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// From the receipt of the command.
    pub since_receipt: Duration,
    /// From its creation, as the service tells it; `None` if unknown or in the future (DM-001, DM-003).
    pub since_creation: Option<Duration>,
}
