//! Everything that has a say about a message of the caller, in the one order.

use std::sync::Arc;

use super::admit::Target;
use super::ask::{self, Allowed, Asked, No};
use super::refers;
use crate::decide::{Ask, Definition, Earlier};
use crate::document::Server;
use crate::gate::{Gated, Slot};
use crate::headers;
use crate::ledger::{Owner, Principal, Whose};
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
    pub(super) revision: Revision,
    pub(super) owner: Owner,
    pub(super) whose: Whose,
}

impl Target<'_> {
    /// Everything that has a say, in order; the rate comes last, so that a refused call costs none.
    pub(super) fn judge<'m>(&self, server: &Server, message: &'m Gated) -> Result<Judged<'m>, No> {
        if self.policy.is_expired(self.facts.now) {
            return Err((Reason::PolicyExpired, None));
        }
        let Asked { id, mut ask } = ask::read(message)?;
        let headers = self.headers(server, message, &ask)?;
        let revision = self.revision(server, &ask)?;
        let owner = self.owner();
        ask.refers.earlier = refers::look_up(&ask, self.ledger, owner, self.facts.now);
        let is_unfit = |tool: &String| self.ledger.is_unfit(owner, tool, self.facts.now);
        ask.refers.unfit = ask.tool.as_ref().is_some_and(is_unfit);
        let whose = self.ledger.whose(self.inbound.channel, &headers);
        let definition = self.definition(server, &ask, &whose);
        let allowed = ask::allow(server, &ask, definition, self.facts.now)?;
        let headers = match revision.is_modern() {
            true => self.mirrored(message, headers, &ask, &whose),
            false => headers,
        };
        refers::goes_on(&ask, self.ledger, owner).map_err(|reason| (reason, None))?;
        self.spend(server, &ask)?;
        Ok(Judged {
            id,
            ask,
            definition,
            allowed,
            headers,
            revision,
            owner,
            whose,
        })
    }

    /// The headers that go with a message, once they agree with its body (D2, D3, D4).
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
        Ok(headers.into())
    }

    /// The same headers, and those that repeat arguments of a pinned tool, as its definition wants them (MCP 2026-07-28). Of a tool whose definition is
    /// not known there are none: a server that wants them refuses the call.
    fn mirrored(
        &self,
        message: &Gated,
        headers: Arc<[headers::Header]>,
        ask: &Ask,
        whose: &Whose,
    ) -> Arc<[headers::Header]> {
        let (Some(tool), Some(arguments)) = (&ask.tool, message.node(Slot::ParamsArguments)) else {
            return headers;
        };
        let mirrors = self.ledger.mirrors(whose, tool, self.facts.now);
        let repeated: Vec<_> = mirrors.iter().filter_map(|m| m.header(arguments)).collect();
        match repeated.is_empty() {
            true => headers,
            false => headers.iter().cloned().chain(repeated).collect(),
        }
    }

    /// The revision that is spoken: one the server may be spoken to in, and one that has the method (D4). What opens a session speaks the one
    /// that is agreed on then.
    fn revision(&self, server: &Server, ask: &Ask) -> Result<Revision, No> {
        let stated = headers::revision(self.inbound.headers);
        let revision = stated.unwrap_or(Revision::ASSUMED);
        if server.speaks_any() {
            return Ok(revision);
        }
        let mut spoken = Revision::ALL.into_iter().map(|(revision, _)| revision);
        let opens = ask.method.name == "initialize" && stated.is_none();
        let has_method = match opens {
            true => spoken.any(|each| server.speaks(each) && ask.method.is_in(each)),
            false => ask.method.is_in(revision),
        };
        match (opens || server.speaks(revision), has_method) {
            (false, _) => Err((Reason::RevisionNotListed, None)),
            (true, false) => Err((Reason::MethodNotInRevision, None)),
            (true, true) => Ok(revision),
        }
    }

    /// Whose the message is.
    fn owner(&self) -> Owner {
        self.ledger.owner(&self.principal())
    }

    fn principal(&self) -> Principal<'_> {
        Principal {
            channel: self.inbound.channel,
            session: headers::session(self.inbound.headers),
            subject: headers::subject(self.inbound.headers),
        }
    }

    /// What is known of the definition of a pinned tool, in the caller's session.
    fn definition(&self, server: &Server, ask: &Ask, whose: &Whose) -> Definition {
        let named = match &ask.refers.earlier {
            Earlier::Bound(Some(tool)) => Some(tool.as_str()),
            Earlier::Bound(None) | Earlier::Unbound => ask.tool.as_deref(),
        };
        let pinned = named.filter(|tool| server.pin(tool).is_some());
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
        if self
            .ledger
            .spend(&self.principal(), tool, calls, self.facts.now)
        {
            Ok(())
        } else {
            Err((Reason::RateLimited, Some(line)))
        }
    }
}
