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

/// The revision that is spoken to a server without sessions, and what each request says of itself there.
const MODERN: &str = "2026-07-28";
const META: &str = concat!(
    r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"portcullis","version":""#,
    env!("CARGO_PKG_VERSION"),
    r#""},"io.modelcontextprotocol/clientCapabilities":{}}"#
);

/// One question.
#[derive(Clone, Copy, Debug)]
pub enum Question<'a> {
    /// Opens a session.
    Initialize,
    /// Says that it is open. It has no answer.
    Initialized,
    /// Asks a server that opens no sessions what it is (MCP 2026-07-28); what is asked after it says of itself what it is, too.
    Discover,
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

impl Question<'_> {
    /// Its method.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::Initialize => "initialize",
            Self::Initialized => "notifications/initialized",
            Self::Discover => "server/discover",
            Self::Page(offer, _) => offer.method(),
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
    /// Whether every request says of itself what it is, and there are no sessions.
    is_modern: bool,
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
            is_modern: false,
            id: 0,
        }
    }

    /// The next question, ready to send.
    pub fn ask(&mut self, question: Question<'_>) -> Permitted {
        self.id += 1;
        if matches!(question, Question::Discover) {
            (self.is_modern, self.session) = (true, None);
            self.revision = Some(MODERN.to_owned());
        }
        let meta = if self.is_modern { META } else { "" };
        let own = match question {
            Question::Initialize => Own::Initialize(self.id),
            Question::Initialized => Own::Initialized,
            Question::Discover => Own::Discover(self.id, meta.as_bytes()),
            Question::Page(offer, cursor) => {
                Own::List(self.id, offer.method(), cursor, meta.as_bytes())
            }
        };
        let mut headers = self.headers(true);
        if self.is_modern {
            headers.push(headers::named("mcp-method", question.method()));
        }
        own.mint(&self.channel, headers, &self.limits)
    }

    /// Takes the name of the session from the headers of the first answer: lower-case names, in order.
    pub fn begin(&mut self, received: &[(String, String)]) {
        if self.session.is_none() && !self.is_modern {
            self.session = headers::returned(received)
                .into_iter()
                .find(|(name, _)| *name == "Mcp-Session-Id")
                .map(|(_, session)| session);
        }
    }

    /// Judges one message of the server.
    ///
    /// # Errors
    /// A stable word: the gate refuses it, it is no message, or the server answers with an error (`error_answer`) or with less than an answer.
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
        let kind = message.node(Slot::ResultType).map(|kind| kind.text());
        if kind.is_some_and(|kind| kind.as_deref() != Some("complete")) {
            return Err("incomplete_answer");
        }
        let agreed = message.node(Slot::ResultProtocolVersion);
        if let Some(node) = agreed.filter(|_| !self.is_modern) {
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
