//! The listing the agent makes itself before a pinned tool is called: every page, on the caller's session and under the caller's headers.
//!
//! What comes back is judged as an answer is, remembered, and goes nowhere else. A listing that is not complete is no evidence, whatever
//! the reason: the call is refused and may be tried again.

use std::sync::Arc;

use bytes::Bytes;

use super::admit::salvage_id;
use super::own::{self, Own};
use super::released::{Asked, Released};
use super::watched::{Watched, next_page};
use super::{Inbound, Permitted, ask, listing};
use crate::decide::Definition;
use crate::document::PolicySet;
use crate::failure::{Failure, FailureKind};
use crate::gate::{self, Gated, Slot};
use crate::headers::{self, Header};
use crate::ledger::{Ledger, Sights};
use crate::mcp::catalogue::TOOLS_CHANGED;
use crate::mcp::envelope::{self, Envelope, Outcome};
use crate::moment::Moment;
use crate::refusal::{CorrelationId, Reason, Refused};

/// The most pages of one listing.
const PAGES: usize = 100;
const CALL: &str = "tools/call";

/// One listing under way. The bytes and messages of all its pages together keep the limits of one call's stream.
pub struct Listing {
    policy: Arc<PolicySet>,
    watched: Watched,
    headers: Vec<Header>,
    tool: String,
    caller_id: Option<Bytes>,
    meta: Vec<u8>,
    upstream_id: u64,
    cursor: Option<Vec<u8>>,
    pages: usize,
    bytes: usize,
    messages: usize,
    sights: Sights,
    status: u16,
    returned: Vec<(&'static str, String)>,
}

/// What to do after one message of the server.
pub enum Page {
    /// Nothing; the page is still to come.
    Wait,
    /// Send this to the server; the page is still to come.
    Reply(Permitted),
    /// Ask for the next page.
    Next,
    /// All pages were seen.
    Complete,
    /// It cannot be completed, for this reason: a stable word.
    Broken(&'static str),
}

impl PolicySet {
    /// The listing that must come before this call, which was refused because nothing is known of its pinned tool. `None` if all is known, and
    /// if the call would be refused as well with the definition that is pinned.
    #[must_use]
    pub fn list_first(
        self: &Arc<Self>,
        inbound: &Inbound<'_>,
        ledger: &Arc<Ledger>,
        now: Moment,
    ) -> Option<Listing> {
        let server = self.server(inbound.channel)?;
        let caps = server.limits().request_caps();
        let message = gate::message(inbound.body.clone(), &caps).ok()?;
        let ask = ask::read(&message).ok()?.ask;
        ask::allow(server, &ask, Definition::AsPinned, now).ok()?;
        let tool = ask.tool?;
        let headers = headers::of_listing(inbound.headers, server.forward_headers()).ok()?;
        let whose = ledger.whose(inbound.channel, &headers);
        let watched = Watched {
            ledger: Arc::clone(ledger),
            epoch: ledger.epoch(&whose),
            whose,
            now,
            is_first_page: true,
        };
        let listing = Listing {
            policy: Arc::clone(self),
            watched,
            headers,
            tool,
            caller_id: salvage_id(&inbound.body),
            meta: own::meta(&message),
            upstream_id: 0,
            cursor: None,
            pages: 0,
            bytes: 0,
            messages: 0,
            sights: Sights::new(),
            status: 200,
            returned: Vec::new(),
        };
        (!listing.is_known()).then_some(listing)
    }
}

impl Listing {
    /// Whose listing it is: two that are under way with the same number find the same.
    #[must_use]
    pub fn key(&self) -> u64 {
        self.watched.whose.key()
    }

    /// Whether a complete listing tells what becomes of the tool that is called.
    #[must_use]
    pub fn is_known(&self) -> bool {
        let watched = &self.watched;
        watched
            .ledger
            .knows(&watched.whose, &self.tool, watched.now)
    }

    /// Asks for the next page, under this id of ours: what to send, and its bytes for the record.
    pub fn ask(&mut self, upstream_id: u64) -> (Permitted, Bytes) {
        self.upstream_id = upstream_id;
        self.pages += 1;
        let own = Own::List(
            upstream_id,
            "tools/list",
            self.cursor.as_deref(),
            &self.meta,
        );
        let channel = self.watched.whose.channel();
        let permitted = own.mint_by(&self.policy, channel, self.headers.clone());
        let text = permitted.body.text();
        (permitted, text)
    }

    /// Notes the status and headers the server answered a page with.
    pub fn begin(&mut self, status: u16, received: &[(String, String)]) {
        self.status = status;
        self.returned = headers::returned(received);
    }

    /// Judges one message of the server.
    pub fn judge(&mut self, text: Bytes) -> Page {
        let limits = self.policy.limits_of(self.watched.whose.channel());
        self.bytes = self.bytes.saturating_add(text.len());
        self.messages += 1;
        if self.bytes > limits.stream_bytes || self.messages > limits.stream_events {
            return Page::Broken("stream_limit");
        }
        let message = match gate::message(text, &limits.answer_caps()) {
            Ok(message) => message,
            Err(error) => return Page::Broken(error.fault.label()),
        };
        match envelope::read(&message) {
            Err(fault) => Page::Broken(fault.label()),
            Ok(Envelope::Answer { id, outcome }) => match id {
                Some(id) if id.raw == self.upstream_id.to_string().as_bytes() => {
                    self.answered(&message, outcome)
                }
                Some(_) | None => Page::Wait,
            },
            Ok(Envelope::Request { id, method }) if method == "ping" => {
                self.reply(&Own::Pong(id.raw))
            }
            Ok(Envelope::Request { id, .. }) => self.reply(&Own::MethodNotFound(id.raw)),
            Ok(Envelope::Notification { method }) if method == TOOLS_CHANGED => {
                self.watched.changed();
                Page::Broken("changed_meanwhile")
            }
            Ok(Envelope::Notification { .. }) => Page::Wait,
        }
    }

    /// The refusal of the call when there is no listing to hold it against: it may be tried again.
    ///
    /// A server that refuses the listing itself (a session that is gone, a caller without credentials) would have refused the call: the caller is
    /// told so with its status, so that he opens a session or fetches a token as he would without us.
    #[must_use]
    pub fn refuse(self, correlation: CorrelationId) -> Box<Refused> {
        let (reason, asked) = (Reason::ListingFailed, Asked::Call(self.caller_id));
        let released = if (400..500).contains(&self.status) {
            let failure = Failure::status(self.status, FailureKind::HttpStatus);
            Released::failure(asked, failure, self.returned)
        } else {
            Released::denial(asked, reason, correlation)
        };
        Box::new(Refused {
            reason,
            line: None,
            correlation,
            method: CALL,
            tool: Some(self.tool),
            released,
        })
    }

    fn reply(&self, own: &Own<'_>) -> Page {
        let headers = self.headers.iter().filter(|h| h.name != "mcp-method");
        let channel = self.watched.whose.channel();
        Page::Reply(own.mint_by(&self.policy, channel, headers.cloned().collect()))
    }

    fn answered(&mut self, message: &Gated, outcome: Outcome) -> Page {
        let is_result = outcome == Outcome::Result && (200..300).contains(&self.status);
        let is_complete = message
            .node(Slot::ResultType)
            .is_none_or(|kind| kind.text().is_some_and(|kind| kind == "complete"));
        if !is_result || !is_complete {
            return Page::Broken("no_listing");
        }
        let Some(server) = self.policy.server(self.watched.whose.channel()) else {
            return Page::Broken("no_listing");
        };
        let ledger = &self.watched.ledger;
        if let Err(reason) = listing::sights(message, server, ledger, &mut self.sights) {
            return Page::Broken(reason.label());
        }
        match next_page(message) {
            None if self
                .watched
                .complete(std::mem::take(&mut self.sights), server) =>
            {
                Page::Complete
            }
            None => Page::Broken("changed_meanwhile"),
            Some(_) if self.pages >= PAGES => Page::Broken("too_many_pages"),
            Some(next) if next.text().is_none() => Page::Broken("no_listing"),
            Some(next) if self.cursor.as_deref() == Some(next.raw()) => Page::Broken("no_listing"),
            Some(next) => {
                self.cursor = Some(next.raw().to_vec());
                Page::Next
            }
        }
    }
}
