//! The listing that comes before the first pinned call of a session: the agent asks the server for its tools, on the caller's session.
//!
//! Promises: every message of it is recorded before it is sent, as one of the agent's own, and has one outcome; calls that need the same
//! listing wait for the one that is under way; it is bounded in pages, bytes and time; what it brings is posted nowhere. Without it the call is
//! refused and may be tried again, and the next one lists anew.
//!
//! Leaves to others: what a listing shows and whether it is evidence (`portcullis_policy`).

mod under_way;

use std::time::Duration;

use bytes::Bytes;
use portcullis_policy::permit::Page;
use portcullis_policy::{Channel, Failure, FailureKind, FailureSource, Listing, Permitted, Reason};

use super::pipeline::Relay;
use super::port::{Answer as _, ControlPlane, Records, Upstream};
use super::record::{Account, Decided, Ended};
use crate::ops::event::{DefinitionEvent, Event};
use crate::runtime::deadline::Deadline;
use crate::wire::command::Command;

pub use under_way::Listings;

/// How long one listing may take with all its pages.
const WITHIN: Duration = Duration::from_secs(15);
/// How long one answer of ours to the server may take meanwhile.
const ASIDE: Duration = Duration::from_secs(5);
/// What is recorded in place of a `resp_code`: the answer was read here and posted nowhere.
const KEPT: &str = "kept";

/// Whose listing it is made for.
struct Cause<'a> {
    channel: &'a Channel,
    request_id: &'a str,
    session: Option<&'a str>,
}

impl<C: ControlPlane, U: Upstream, R: Records> Relay<C, U, R> {
    /// Lists, or waits for who does.
    pub(super) async fn list(&self, command: &Command, listing: &mut Listing) {
        let flight = match self.listings.enter(listing.key()) {
            Ok(flight) => flight,
            Err(mut ends) => {
                // It ends by being dropped.
                let _ = ends.changed().await;
                return;
            }
        };
        let cause = Cause {
            channel: &command.address.channel,
            request_id: command.address.request_id.as_str(),
            session: command.headers.first("mcp-session-id"),
        };
        let listed = match self.admission.beside(cause.channel) {
            Ok(_place) => Box::pin(self.pages(&cause, listing)).await,
            Err(_) => Err("channel_busy"),
        };
        drop(flight);
        let event = match listed {
            Ok(pages) => DefinitionEvent::Listed { pages },
            Err(reason) => DefinitionEvent::ListingFailed { reason },
        };
        let channel = cause.channel.as_str();
        self.ops.emit(Event::Definition(channel, event));
    }

    /// Asks for one page after the other; how many there were, or why it is no complete listing.
    async fn pages(&self, cause: &Cause<'_>, listing: &mut Listing) -> Result<u64, &'static str> {
        let deadline = Deadline::within(WITHIN);
        let mut pages = 0;
        loop {
            pages += 1;
            let (permitted, text) = listing.ask(self.fresh.rpc_id());
            let decided = self.decided(cause, &text);
            let Ok(intent) = self.records.intent(&decided).await else {
                return Err(Reason::AuditUnavailable.label());
            };
            let mut account = Account::new(tokio::time::Instant::now());
            account.began();
            let page = self.page(permitted, listing, deadline, &mut account);
            let page = deadline.bound(page).await.unwrap_or(Err(timed_out()));
            self.records.outcome(intent, &ended(&mut account, &page));
            if page.is_err() {
                self.ledger.lost(cause.channel);
            }
            match page.map_err(|failure| failure.kind().label())? {
                Page::Complete => return Ok(pages),
                Page::Broken(why) => return Err(why),
                Page::Next | Page::Wait | Page::Reply(_) => {}
            }
        }
    }

    /// One page: its answer, whatever else the server says before.
    async fn page(
        &self,
        permitted: Permitted,
        listing: &mut Listing,
        deadline: Deadline,
        account: &mut Account,
    ) -> Result<Page, Failure> {
        let mut answer = self.upstream.call(permitted, deadline).await?;
        account.generation = answer.generation();
        listing.begin(answer.status(), answer.headers());
        while let Some(text) = answer.next().await? {
            account.events += 1;
            match listing.judge(text) {
                Page::Wait => account.dropped += 1,
                Page::Reply(own) => {
                    let within = deadline.capped(ASIDE);
                    // The listing goes on whether it is taken or not, as a call does (W-11).
                    let _ = within.bound(self.upstream.call(own, within)).await;
                }
                over @ (Page::Next | Page::Complete | Page::Broken(_)) => return Ok(over),
            }
        }
        Err(Failure::new(
            FailureSource::TransportClosed,
            FailureKind::Eof,
        ))
    }

    fn decided<'a>(&self, cause: &Cause<'a>, text: &'a Bytes) -> Decided<'a> {
        Decided {
            correlation: self.fresh.correlation(),
            request_id: cause.request_id,
            channel: cause.channel.as_str(),
            kind: "agent",
            method: "tools/list",
            tool: "",
            session: cause.session,
            request: text,
            policy: self.policy.current().named,
            line: 0,
            observed: None,
        }
    }
}

fn ended(account: &mut Account, page: &Result<Page, Failure>) -> Ended {
    match page {
        Ok(Page::Broken(why)) => account.found("deny", why, None),
        Ok(Page::Wait | Page::Reply(_) | Page::Next | Page::Complete) => {
            account.found("permit", "", None);
        }
        Err(failure) => account.found("failed", failure.kind().label(), None),
    }
    account.ended(Err(KEPT))
}

const fn timed_out() -> Failure {
    Failure::new(FailureSource::Timeout, FailureKind::Timeout)
}
