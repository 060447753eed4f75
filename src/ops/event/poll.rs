//! What can happen in the poll loop.

use std::time::Duration;

/// What can happen in the poll loop.
#[derive(Clone, Copy, Debug)]
pub enum PollEvent<'a> {
    /// A poll is open.
    Started {
        /// The most commands it asks for.
        limit: usize,
    },
    /// A poll was answered, with or without commands.
    Answered {
        /// The elements it brought, usable or not.
        elements: usize,
        /// From asking to the last byte.
        took: Duration,
    },
    /// A poll brought nothing but a reason.
    Failed(PollFailure<'a>),
    /// The loop waits before it asks again.
    Paused(PollPause),
    /// The loop ended.
    Stopped,
}

/// A poll that brought nothing but a reason.
#[derive(Clone, Copy, Debug)]
pub struct PollFailure<'a> {
    /// What went wrong.
    pub fault: PollFault,
    /// The error as the door tells it: labels, a status and what the service said, shortened and escaped.
    pub error: &'a str,
    /// From asking to the failure.
    pub took: Duration,
    /// How long the loop waits before it asks again.
    pub retry_in: Duration,
    /// What an operator can do about it.
    pub remedy: &'static str,
}

/// What went wrong with a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollFault {
    /// The service does not know this key or certificate (401).
    Unauthorized,
    /// The key may not use this tunnel (403).
    Forbidden,
    /// Another status that is no answer.
    Status(u16),
    /// The service could not be reached, or the connection broke before the answer began.
    Transport,
    /// The poll outlived its deadline.
    Timeout,
    /// The answer began and could not be read: what it carried is lost.
    Body,
}

impl PollFault {
    /// The reason code of readiness and of `portcullis_poll_failures_total`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Status(_) => "status",
            Self::Transport => "transport",
            Self::Timeout => "timeout",
            Self::Body => "body",
        }
    }

    /// Whether the service answered and said no: not mended by trying again soon.
    #[must_use]
    pub const fn is_denial(self) -> bool {
        matches!(self, Self::Unauthorized | Self::Forbidden)
    }
}

/// Why the poll loop waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollPause {
    /// Every place is taken.
    Full,
    /// The gate is lowered or quiesced.
    Gate,
    /// A moment, so that an instantly empty service makes no hot loop.
    Floor,
}

impl PollPause {
    /// The stable word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Gate => "gate",
            Self::Floor => "floor",
        }
    }
}
