//! The proofs. Their fields are private and only this module fills them, so a value of one of these types means that the policy was asked.
//!
//! - [`Permitted`]: bytes and headers that may go to a private server (INVARIANT 1)
//! - [`Exchange`]: the state of one call; what the server answers is judged by it and by nothing else
//! - [`Released`]: what may go back to the control plane (INVARIANT 2)
//!
//! None of them can be cloned: one decision, one use.

mod admit;
mod answer;
pub(crate) mod ask;
mod cache;
mod declared;
mod definition;
mod exchange;
mod fitness;
mod heard;
mod judge;
mod listing;
mod made;
mod notice;
mod own;
mod pages;
mod refers;
mod released;
mod removed;
mod step;
mod survey;
mod watched;

pub use admit::{Facts, Inbound};
pub use exchange::Exchange;
pub use pages::{Listing, Page};
pub use released::{Origin, Released, ReplyKind};
pub use removed::Removed;
pub use step::{Ignored, Step, Verdict};
pub use survey::{Heard, Offer, Question, Survey};

use std::sync::Arc;

use bytes::Bytes;

use crate::channel::Channel;
use crate::document::AnswerBounds;
use crate::edit::{Edited, one_line};
use crate::headers::Header;

/// What is asked of the private server's transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Deliver one message.
    Deliver,
    /// End the session the headers name.
    Terminate,
}

/// A message the policy lets through to one private server: the bytes that were judged, and the headers built for them.
///
/// It is used up by sending:
///
/// ```
/// use portcullis_policy::Permitted;
///
/// fn send(permitted: Permitted) -> bytes::Bytes {
///     permitted.into_outgoing().body
/// }
/// ```
///
/// so one decision cannot send twice:
///
/// ```compile_fail,E0382
/// use portcullis_policy::Permitted;
///
/// fn send(permitted: Permitted) -> bytes::Bytes {
///     permitted.into_outgoing();
///     permitted.into_outgoing().body
/// }
/// ```
///
/// What is only asked, anyone may write down:
///
/// ```
/// use portcullis_policy::{Channel, Inbound};
///
/// fn ask(channel: &Channel, body: bytes::Bytes) -> Inbound<'_> {
///     Inbound { channel, headers: &[], body }
/// }
/// ```
///
/// but nobody can write down a permission, or change one:
///
/// ```compile_fail,E0451
/// use portcullis_policy::permit::Verb;
/// use portcullis_policy::{Channel, Permitted};
///
/// fn forge(channel: Channel, from: Permitted) -> Permitted {
///     Permitted { channel, ..from }
/// }
/// ```
pub struct Permitted {
    channel: Channel,
    verb: Verb,
    headers: Arc<[Header]>,
    body: Edited,
    bounds: AnswerBounds,
}

/// A permitted message on its way out of the proof.
pub struct Outgoing {
    /// Deliver or terminate.
    pub verb: Verb,
    /// Every header that depends on the message or the caller. Shared with the [`Exchange`], which answers the server under them.
    pub headers: Arc<[Header]>,
    /// The judged bytes with the closed list of edits made; empty for a termination.
    pub body: Bytes,
    /// What the answer may cost.
    pub bounds: AnswerBounds,
}

impl Permitted {
    /// The binding whose server this is for.
    #[must_use]
    pub fn channel(&self) -> &Channel {
        &self.channel
    }

    /// Deliver or terminate.
    #[must_use]
    pub fn verb(&self) -> Verb {
        self.verb
    }

    /// Uses the proof up: what to send, joined once.
    #[must_use]
    pub fn into_outgoing(self) -> Outgoing {
        Outgoing {
            verb: self.verb,
            headers: self.headers,
            body: self.body.join(),
            bounds: self.bounds,
        }
    }

    /// Uses the proof up for a transport that reads by lines: one message, one line, without its end (A23).
    #[must_use]
    pub fn into_line(self) -> Bytes {
        one_line(&self.body.join())
    }
}
