//! The doors of the relay, as traits: sockets, processes and files stand behind them, and tests put memory there.
//!
//! What a door to the outside takes is a proof: only a [`Permitted`] reaches a private server, only a [`Released`] reaches the control plane.
//! The third door, [`Records`], is what is kept for good of each decision.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use portcullis_policy::gate::Caps;
use portcullis_policy::{Failure, Permitted, Released};
use tokio::time::Instant;

use super::record::{Decided, Ended, Refusal};
use crate::runtime::deadline::Deadline;
use crate::wire::address::ReplyAddress;
use crate::wire::command::Polled;

/// The service that queues commands and takes replies.
pub trait ControlPlane: Send + Sync + 'static {
    /// Asks for at most `limit` commands, and waits as long as the service holds the poll open. What each may be is asked again when they
    /// arrive: the policy may be another by then.
    fn poll(
        &self,
        limit: usize,
        each: impl Fn() -> Caps + Send,
    ) -> impl Future<Output = Result<Batch, PollError>> + Send;

    /// Posts one reply; retries within the deadline as the service allows for its kind.
    fn post(
        &self,
        to: &ReplyAddress,
        reply: Released,
        deadline: Deadline,
    ) -> impl Future<Output = Result<Posted, PostError>> + Send;
}

/// What one poll brought.
pub struct Batch {
    /// When the answer's headers arrived: every `response_timeout` of the batch counts from here (wire sheet 5.4).
    pub received: Instant,
    /// The commands, in order.
    pub commands: Vec<Polled>,
}

/// Why a poll brought nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PollError {
    /// The service answered with a status other than 200 and 204.
    #[error("the control plane answered {status}{detail}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// What the service said, shortened and escaped; empty or starting with a space.
        detail: String,
        /// How long it asks us to wait, at most 60 s.
        retry_after: Option<Duration>,
    },
    /// The service could not be reached, or the connection broke. Stable label.
    #[error("the control plane could not be reached ({0})")]
    Transport(&'static str),
    /// The poll outlived its deadline.
    #[error("the control plane held the poll longer than it may")]
    Timeout,
    /// The answer broke off after its head: what it carried is lost, for the service has handed it over. Stable label.
    #[error("the control plane's answer broke off ({0})")]
    Cut(&'static str),
    /// The body was not a poll answer: the whole batch is lost. Stable label.
    #[error("the control plane's answer is unreadable ({0})")]
    Body(&'static str),
}

/// How a post ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// Taken.
    Accepted,
    /// The service does not wait for it any more (404): as good as taken.
    Closed,
}

/// Why a reply was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// A status that no retry mends, or that outlived the retries.
    #[error("the control plane refused the reply with {status}{detail}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// The service's code, if it is a stable word; empty or starting with a space.
        detail: String,
    },
    /// The connection broke on each attempt. Stable label.
    #[error("the reply could not be delivered ({0})")]
    Transport(&'static str),
    /// The deadline passed first.
    #[error("the reply could not be delivered in time")]
    Timeout,
}

/// The private servers.
pub trait Upstream: Send + Sync + 'static {
    /// What a server answers.
    type Answer: Answer;

    /// Sends one permitted message to the server of its channel and waits for the head of the answer.
    ///
    /// # Errors
    /// [`Failure`] from typed errors (W-10), within the deadline.
    fn call(
        &self,
        permitted: Permitted,
        deadline: Deadline,
    ) -> impl Future<Output = Result<Self::Answer, Failure>> + Send;
}

/// One answer of a private server: its head, and its messages as they come.
pub trait Answer: Send {
    /// The HTTP status, or 200 for a transport without one.
    fn status(&self) -> u16;

    /// Which generation of certificates and keys the message was sent under; 0 where there are none.
    fn generation(&self) -> u64 {
        0
    }

    /// Response headers: lower-case names, in order.
    fn headers(&self) -> &[(String, String)];

    /// The next message: a whole JSON body, or the data of one event. `None` at the end of the answer.
    ///
    /// # Errors
    /// [`Failure`] when the answer breaks off, breaks a cap, or is not what MCP sends.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>, Failure>> + Send;
}

/// What is kept for good: one intent before a message goes to a server, and one end for each command.
pub trait Records: Send + Sync + 'static {
    /// A record of a message that is about to go to its server. It is used up by its outcome.
    type Intent: Send;

    /// Records that a message is about to go to its server; it was written when this returns.
    ///
    /// # Errors
    /// [`Unrecorded`]: the message may not go (INVARIANT: 4, nothing crosses without its record).
    fn intent(
        &self,
        decided: &Decided<'_>,
    ) -> impl Future<Output = Result<Self::Intent, Unrecorded>> + Send;

    /// Records what became of it.
    fn outcome(&self, intent: Self::Intent, ended: &Ended);

    /// Records that a command went nowhere.
    fn refusal(&self, decided: &Decided<'_>, refusal: &Refusal);

    /// Records that a poll broke off, and what it carried is lost. Stable label.
    fn poll_lost(&self, why: &'static str);
}

/// A record could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the record could not be written")]
pub struct Unrecorded;
