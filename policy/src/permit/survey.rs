//! What the operator's tools ask a live server to write or compare a policy: a closed list again, with nothing of a caller in it.
//!
//! The answers are gated as any answer is. They go to the operator and never to the control plane.

use bytes::Bytes;

use super::own::Own;
use super::{Permitted, Verb};
use crate::channel::Channel;
use crate::document::Limits;
use crate::edit::Edited;
use crate::gate::{self, Gated, Slot};
use crate::headers::{self, Header};
use crate::mcp::envelope::{self, Envelope, Outcome};

/// One question.
#[derive(Clone, Copy, Debug)]
pub enum Question<'a> {
    /// Opens a session.
    Initialize,
    /// Says that it is open. It has no answer.
    Initialized,
    /// One page of what it offers, behind a cursor as the server wrote it.
    Page(Offer, Option<&'a [u8]>),
}

/// What a server offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Its tools.
    Tools,
    /// Its prompts.
    Prompts,
    /// Its resources.
    Resources,
}

impl Offer {
    /// The method that lists it.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::Tools => "tools/list",
            Self::Prompts => "prompts/list",
            Self::Resources => "resources/list",
        }
    }
}

/// What a message of the server is.
pub enum Heard {
    /// The answer to the last question.
    Answer(Gated),
    /// Nothing that was asked for.
    Other,
}

/// The questions to one server, in one session.
pub struct Survey {
    channel: Channel,
    limits: Limits,
    session: Option<String>,
    revision: Option<String>,
    id: u64,
}

impl Survey {
    /// Questions to the server of this channel, whose answers keep these limits.
    #[must_use]
    pub fn new(channel: Channel, limits: Limits) -> Self {
        Self {
            channel,
            limits,
            session: None,
            revision: None,
            id: 0,
        }
    }

    /// The next question, ready to send.
    pub fn ask(&mut self, question: Question<'_>) -> Permitted {
        self.id += 1;
        let own = match question {
            Question::Initialize => Own::Initialize(self.id),
            Question::Initialized => Own::Initialized,
            Question::Page(offer, cursor) => Own::List(self.id, offer.method(), cursor, b""),
        };
        own.mint(&self.channel, self.headers(true), &self.limits)
    }

    /// Takes the name of the session from the headers of the first answer: lower-case names, in order.
    pub fn begin(&mut self, received: &[(String, String)]) {
        if self.session.is_none() {
            self.session = headers::returned(received)
                .into_iter()
                .find(|(name, _)| *name == "Mcp-Session-Id")
                .map(|(_, session)| session);
        }
    }

    /// Judges one message of the server.
    ///
    /// # Errors
    /// A stable word: the gate refuses it, it is no message, or the server answers with an error.
    pub fn read(&mut self, text: Bytes) -> Result<Heard, &'static str> {
        let message =
            gate::message(text, &self.limits.answer_caps()).map_err(|error| error.fault.label())?;
        let is_answer = match envelope::read(&message).map_err(|fault| fault.label())? {
            Envelope::Answer {
                id: Some(id),
                outcome,
            } if id.raw == self.id.to_string().as_bytes() => {
                if outcome == Outcome::Error {
                    return Err("error_answer");
                }
                true
            }
            Envelope::Answer { .. } | Envelope::Request { .. } | Envelope::Notification { .. } => {
                false
            }
        };
        if !is_answer {
            return Ok(Heard::Other);
        }
        if let Some(node) = message.node(Slot::ResultProtocolVersion) {
            self.revision = node.text().map(|text| text.into_owned());
        }
        Ok(Heard::Answer(message))
    }

    /// Ends the session, if there is one.
    #[must_use]
    pub fn close(self) -> Option<Permitted> {
        self.session.as_ref()?;
        Some(Permitted {
            headers: self.headers(false).into(),
            channel: self.channel,
            verb: Verb::Terminate,
            body: Edited::new(Bytes::new()),
            bounds: self.limits.answer_bounds(),
        })
    }

    fn headers(&self, has_body: bool) -> Vec<Header> {
        let mut headers = headers::fixed(has_body);
        let session = self.session.as_deref().map(|s| ("mcp-session-id", s));
        let known = self
            .revision
            .as_deref()
            .filter(|name| crate::mcp::revision::Revision::parse(name).is_some());
        let revision = known.map(|name| ("mcp-protocol-version", name));
        let named = session.into_iter().chain(revision);
        headers.extend(named.map(|(name, value)| headers::named(name, value)));
        headers
    }
}
