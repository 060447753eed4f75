//! Everything that has a say about a message of the caller, in the one order.

use std::sync::Arc;

use super::admit::Target;
use super::ask::{self, Allowed, Asked, No};
use crate::decide::{Ask, Definition};
use crate::document::Server;
use crate::gate::{Gated, Slot};
use crate::headers;
use crate::ledger::{Principal, Whose};
use crate::mcp::envelope::Id;
use crate::mcp::revision::Revision;
use crate::refusal::Reason;

/// A message the rules allow.
pub(super) struct Judged<'a> {
    pub(super) id: Option<Id<'a>>,
    pub(super) ask: Ask,
    pub(super) definition: Definition,
    pub(super) allowed: Allowed,
    pub(super) headers: Arc<[headers::Header]>,
    pub(super) whose: Whose,
}

impl Target<'_> {
    /// Everything that has a say, in order; the rate comes last, so that a refused call costs none.
    pub(super) fn judge<'m>(&self, server: &Server, message: &'m Gated) -> Result<Judged<'m>, No> {
        if self.policy.is_expired(self.facts.now) {
            return Err((Reason::PolicyExpired, None));
        }
        let Asked { id, ask } = ask::read(message)?;
        let headers = self.headers(server, message, &ask)?;
        let whose = self.ledger.whose(self.inbound.channel, &headers);
        let definition = self.definition(server, &ask, &whose);
        let allowed = ask::allow(server, &ask, definition, self.facts.now)?;
        self.spend(server, &ask)?;
        Ok(Judged {
            id,
            ask,
            definition,
            allowed,
            headers,
            whose,
        })
    }

    /// The headers that go with a message, once they agree with its body and its revision is one the server may be spoken to in (D4).
    fn headers(
        &self,
        server: &Server,
        message: &Gated,
        ask: &Ask,
    ) -> Result<Arc<[headers::Header]>, No> {
        let revision = ask::text(message, Slot::ParamsMetaProtocolVersion)?;
        let body = headers::Body {
            kind: ask.method.kind,
            method: ask.method.name,
            name: ask.named(),
            revision: revision.as_deref(),
        };
        let sent = self.inbound.headers;
        let headers = headers::build(sent, server.forward_headers(), Some(&body))
            .map_err(|reason| (reason, None))?;
        let opens = ask.method.name == "initialize";
        if opens || server.speaks(headers::revision(sent).unwrap_or(Revision::ASSUMED)) {
            Ok(headers.into())
        } else {
            Err((Reason::RevisionNotListed, None))
        }
    }

    /// What is known of the definition of a pinned tool, in the caller's session.
    fn definition(&self, server: &Server, ask: &Ask, whose: &Whose) -> Definition {
        let pinned = ask
            .tool
            .as_deref()
            .filter(|tool| server.pin(tool).is_some());
        pinned.map_or(Definition::Unseen, |tool| {
            self.ledger.definition(whose, tool, self.facts.now)
        })
    }

    /// Takes one call from what the principal may call of a tool in a minute.
    fn spend(&self, server: &Server, ask: &Ask) -> Result<(), No> {
        let rule = ask
            .tool
            .as_deref()
            .and_then(|tool| Some((tool, server.rule(tool)?)));
        let Some((tool, (calls, line))) =
            rule.and_then(|(tool, rule)| Some((tool, rule.calls_per_min?)))
        else {
            return Ok(());
        };
        let principal = Principal {
            channel: self.inbound.channel,
            session: headers::session(self.inbound.headers),
            subject: headers::subject(self.inbound.headers),
        };
        if self.ledger.spend(&principal, tool, calls, self.facts.now) {
            Ok(())
        } else {
            Err((Reason::RateLimited, Some(line)))
        }
    }
}
