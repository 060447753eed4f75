//! What a call may learn of its server's definitions, beside its answer.

use std::sync::Arc;

use super::listing;
use crate::document::{PinLine, Server};
use crate::gate::{Gated, Kind, Slot};
use crate::ledger::{Found, Ledger, PinChange, Sights, Whose};
use crate::mcp::catalogue::Method;
use crate::moment::Moment;
use crate::refusal::Reason;

/// Looks at the definitions that a server tells in the course of one call, and remembers them for whose call it is.
pub(super) struct Watched {
    pub(super) ledger: Arc<Ledger>,
    pub(super) whose: Whose,
    /// When the call began: what was forgotten since makes its listing no evidence.
    pub(super) epoch: u64,
    pub(super) now: Moment,
    /// Whether the call asks for a listing from its beginning.
    pub(super) is_first_page: bool,
}

impl Watched {
    /// The caller's own listing. One page that is all there is becomes evidence; of one page among others only a change is.
    pub(super) fn listed(&self, message: &Gated, server: &Server) {
        let mut sights = Sights::new();
        if listing::sights(message, server, &self.ledger, &mut sights).is_err() {
            return;
        }
        if self.is_first_page && next_page(message).is_none() {
            self.complete(sights, server);
        } else if self.tell(&sights, server) {
            self.ledger.forget(&self.whose);
        }
    }

    /// A complete listing: what it does not show is not there. Whether it is evidence.
    pub(super) fn complete(&self, mut sights: Sights, server: &Server) -> bool {
        for (tool, _) in server.pins() {
            sights.entry(tool.to_owned()).or_insert(None);
        }
        self.tell(&sights, server);
        self.ledger.note(&self.whose, sights, self.epoch, self.now)
    }

    /// The server says that its tools changed.
    pub(super) fn changed(&self) {
        self.ledger.forget(&self.whose);
    }

    /// A session opens: what the server told this caller before is of the past, and what it says of itself must be as it is pinned (C1).
    ///
    /// # Errors
    /// [`Reason::InstructionsChanged`].
    pub(super) fn opened(
        &self,
        method: &Method,
        message: &Gated,
        servers: &[Option<&Server>; 2],
    ) -> Result<(), Reason> {
        if !matches!(method.name, "initialize" | "server/discover") {
            return Ok(());
        }
        self.ledger.forget_caller(&self.whose);
        self.instructed(message, servers)
    }

    /// Instructions that are not there are the empty text.
    fn instructed(&self, message: &Gated, servers: &[Option<&Server>; 2]) -> Result<(), Reason> {
        let text = message.node(Slot::ResultInstructions);
        for pinned in servers.iter().flatten().filter_map(|s| s.instructions()) {
            let found = match text.map(|node| node.text()) {
                None => self.ledger.pin_of_text(""),
                Some(text) => text.and_then(|text| self.ledger.pin_of_text(&text)),
            };
            self.told(None, pinned, found);
            if found != Some(pinned.0) {
                return Err(Reason::InstructionsChanged);
            }
        }
        Ok(())
    }

    /// Tells what is not as it is pinned; whether anything is not.
    fn tell(&self, sights: &Sights, server: &Server) -> bool {
        let mut differs = false;
        for (tool, pinned) in server.pins() {
            if let Some(seen) = sights.get(tool) {
                let seen = seen.as_ref().map(|sight| sight.pin);
                differs |= seen != Some(pinned.0);
                self.told(Some(tool), pinned, seen);
            }
        }
        differs
    }

    fn told(&self, tool: Option<&str>, (pinned, line): PinLine, seen: Option<crate::Pin>) {
        self.ledger.found(PinChange {
            channel: self.whose.channel().clone(),
            tool: tool.map(str::to_owned),
            pinned,
            line,
            found: seen.map_or(Found::Missing, Found::Listed),
        });
    }
}

/// The cursor of the page behind this one, as the server wrote it. A `null` is none.
pub(super) fn next_page<'m>(message: &'m Gated) -> Option<crate::gate::Node<'m>> {
    message
        .node(Slot::ResultNextCursor)
        .filter(|node| node.kind() != Kind::Null)
}
