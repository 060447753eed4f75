//! The way in: one polled message becomes a [`Permitted`] and its [`Exchange`], or a refusal.

use std::sync::Arc;

use bytes::Bytes;

use super::ask::{self, Allowed, No};
use super::exchange::{Call, Exchange, Grant};
use super::judge::Judged;
use super::released::{Asked, Released};
use super::watched::Watched;
use super::{Permitted, Verb, declared};
use crate::channel::Channel;
use crate::document::{AnswerBounds, PolicySet, Server};
use crate::edit::{Edit, Edited};
use crate::gate::{self, Gated, Slot, canonical_id};
use crate::headers;
use crate::ledger::{InFlight, Ledger, OpenStream, Owner};
use crate::mcp::catalogue::{self, Class, Selector};
use crate::mcp::envelope::{self, Envelope, EnvelopeFault, Id};
use crate::moment::Moment;
use crate::refusal::{CorrelationId, Reason, Refused};

/// One message as the control plane handed it over, not yet judged.
pub struct Inbound<'a> {
    /// The channel it names.
    pub channel: &'a Channel,
    /// Its headers: lower-case names, in order, values as sent.
    pub headers: &'a [(String, String)],
    /// Its bytes.
    pub body: Bytes,
}

/// What the agent adds to a decision: numbers the policy cannot make, being pure.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// A fresh JSON-RPC id, unique over the life of the process and below 2^53.
    pub upstream_id: u64,
    /// Names this decision in the record and on the wire.
    pub correlation: CorrelationId,
    /// When the message is judged; all rules about it go by this one moment.
    pub now: Moment,
}

impl PolicySet {
    /// Judges one message of the caller.
    ///
    /// # Errors
    /// [`Refused`]: what to record and what to post. Any doubt ends here (INVARIANT 4).
    pub fn admit(
        self: &Arc<Self>,
        inbound: &Inbound<'_>,
        facts: Facts,
        ledger: &Arc<Ledger>,
    ) -> Result<(Permitted, Exchange), Box<Refused>> {
        let Some(server) = self.server(inbound.channel) else {
            return Err(self.unsupported(
                inbound.channel,
                Asked::Call(salvage_id(&inbound.body)),
                facts,
            ));
        };
        let caps = server.limits().request_caps();
        let message = gate::message(inbound.body.clone(), &caps).map_err(|error| {
            refuse(
                Asked::Call(salvage_id(&inbound.body)),
                (Reason::Gate(error.fault), None),
                facts,
            )
        })?;
        let asked = || match envelope::read(&message) {
            Ok(Envelope::Notification { .. }) => Asked::Notification,
            Ok(_) | Err(_) => Asked::Call(salvage_id(&inbound.body)),
        };
        let refused = |no| refuse(asked(), no, facts).about(&message);
        let target = Target {
            policy: self,
            inbound,
            facts,
            ledger,
        };
        let judged = target.judge(server, &message).map_err(refused)?;
        target.permit(&message, judged).map_err(refused)
    }

    /// Judges the end of a session: it needs a listed server and a session.
    ///
    /// # Errors
    /// [`Refused`] when either is missing or a header is malformed.
    pub fn admit_termination(
        self: &Arc<Self>,
        channel: &Channel,
        sent: &[(String, String)],
        facts: Facts,
    ) -> Result<(Permitted, Exchange), Box<Refused>> {
        let Some(server) = self.server(channel) else {
            return Err(self.unsupported(channel, Asked::Termination, facts));
        };
        let headers = headers::build(sent, server.forward_headers(), None)
            .map_err(|reason| refuse(Asked::Termination, (reason, None), facts))?;
        if headers::session(sent).is_none() {
            return Err(refuse(
                Asked::Termination,
                (Reason::SessionMissing, None),
                facts,
            ));
        }
        if self.is_expired(facts.now) {
            let no = (Reason::PolicyExpired, None);
            return Err(refuse(Asked::Termination, no, facts));
        }
        let grant = Grant {
            policy: Arc::clone(self),
            channel: channel.clone(),
            correlation: facts.correlation,
            allowed: Allowed {
                line: server.line(),
                observed: None,
            },
        };
        let exchange = Exchange::termination(grant);
        Ok((
            Permitted {
                channel: channel.clone(),
                verb: Verb::Terminate,
                headers: headers.into(),
                body: Edited::new(Bytes::new()),
                bounds: server.limits().answer_bounds(),
            },
            exchange,
        ))
    }

    fn unsupported(&self, channel: &Channel, asked: Asked, facts: Facts) -> Box<Refused> {
        let released = Released::unsupported(asked, channel);
        Box::new(Refused {
            reason: Reason::ChannelNotListed,
            line: None,
            correlation: facts.correlation,
            method: "",
            tool: None,
            released,
        })
    }
}

fn refuse(asked: Asked, (reason, line): No, facts: Facts) -> Box<Refused> {
    let released = Released::denial(asked, reason, facts.correlation);
    Box::new(Refused {
        reason,
        line,
        correlation: facts.correlation,
        method: "",
        tool: None,
        released,
    })
}

impl Refused {
    /// The same refusal, with what can be read of the message: for the record, after the decision.
    fn about(mut self: Box<Self>, message: &Gated) -> Box<Self> {
        let name = match envelope::read(message) {
            Ok(Envelope::Request { method, .. } | Envelope::Notification { method }) => method,
            Ok(Envelope::Answer { .. }) | Err(_) => return self,
        };
        if let Some(method) = catalogue::caller(&name) {
            self.method = method.name;
            self.tool = ask::target(message, method).tool;
        }
        self
    }
}

/// The caller's id from bytes that may be refused: only to address the refusal.
pub(super) fn salvage_id(body: &Bytes) -> Option<Bytes> {
    gate::salvage(body, "id")
        .filter(|raw| canonical_id(raw))
        .map(|raw| body.slice_ref(raw))
}

/// Everything needed to turn a judged message into its proofs.
pub(super) struct Target<'a> {
    pub(super) policy: &'a Arc<PolicySet>,
    pub(super) inbound: &'a Inbound<'a>,
    pub(super) facts: Facts,
    pub(super) ledger: &'a Arc<Ledger>,
}

impl Target<'_> {
    fn grant(&self, allowed: Allowed) -> Grant {
        Grant {
            policy: Arc::clone(self.policy),
            channel: self.inbound.channel.clone(),
            correlation: self.facts.correlation,
            allowed,
        }
    }

    fn server(&self) -> Option<&Server> {
        self.policy.server(self.inbound.channel)
    }

    fn permit(&self, message: &Gated, judged: Judged<'_>) -> Result<(Permitted, Exchange), No> {
        let fresh = Bytes::from(self.facts.upstream_id.to_string());
        let mut body = Edited::new(message.bytes().clone());
        let exchange = match judged.id {
            Some(id) => {
                body.push(Edit::Id(id.span, fresh.clone()));
                let token = read_token(message)?;
                if let Some((span, _)) = &token {
                    body.push(Edit::ProgressToken(*span, fresh));
                }
                declared::cut(message, &judged.ask, self.server(), &mut body);
                let call = self.call(&judged, id, token.map(|(_, raw)| raw))?;
                Exchange::call(self.grant(judged.allowed), call)
            }
            None => {
                let mut ended = None;
                if judged.ask.method.class == Class::Cancel {
                    let (edit, call) = self.cancelled(message, judged.owner)?;
                    body.push(edit);
                    ended = Some(call);
                }
                let method = judged.ask.method;
                Exchange::notification(self.grant(judged.allowed), method, ended)
            }
        };
        let permitted = Permitted {
            channel: self.inbound.channel.clone(),
            verb: Verb::Deliver,
            headers: judged.headers,
            body,
            bounds: self.bounds(),
        };
        Ok((permitted, exchange))
    }

    fn bounds(&self) -> AnswerBounds {
        let limits = self.policy.limits_of(self.inbound.channel);
        limits.answer_bounds()
    }

    fn call(&self, judged: &Judged<'_>, id: Id<'_>, token: Option<Bytes>) -> Result<Call, No> {
        Ok(Call {
            channel: self.inbound.channel.clone(),
            ask: judged.ask.clone(),
            definition: judged.definition,
            now: self.facts.now,
            revision: judged.revision,
            watched: Watched {
                ledger: Arc::clone(self.ledger),
                whose: judged.whose.clone(),
                epoch: self.ledger.epoch(&judged.whose),
                now: self.facts.now,
                is_first_page: judged.ask.refers.cursor.is_absent(),
            },
            caller_id: Bytes::copy_from_slice(id.raw),
            upstream_id: self.facts.upstream_id,
            token,
            headers: Arc::clone(&judged.headers),
            owner: judged.owner,
            stream: self.stream(judged)?,
            _live: self.ledger.enter(
                judged.owner,
                id.raw,
                InFlight {
                    upstream_id: self.facts.upstream_id,
                    ends_with_stream: judged.revision.is_modern(),
                },
            ),
        })
    }

    /// A subscription takes one of the few event streams its principal may have open (B14).
    fn stream(&self, judged: &Judged<'_>) -> Result<Option<OpenStream>, No> {
        if judged.ask.method.class != Class::Named(Selector::Subscription) {
            return Ok(None);
        }
        let stream = self.ledger.open_stream(judged.owner);
        stream.map(Some).ok_or((Reason::SubscriptionLimit, None))
    }

    /// A cancellation names the caller's id; the server knows ours (B12).
    fn cancelled(&self, message: &Gated, owner: Owner) -> Result<(Edit, InFlight), No> {
        let node = message
            .node(Slot::ParamsRequestId)
            .filter(|node| canonical_id(node.raw()))
            .ok_or((Reason::CancelUnbound, None))?;
        let call = self
            .ledger
            .find(owner, node.raw())
            .ok_or((Reason::CancelUnbound, None))?;
        let ours = Bytes::from(call.upstream_id.to_string());
        Ok((Edit::RequestId(node.span(), ours), call))
    }
}

/// The caller's progress token: any canonical id (MCP: string or integer). Ours takes its place, so that two calls never share one (B13).
fn read_token(message: &Gated) -> Result<Option<(gate::Span, Bytes)>, No> {
    let Some(node) = message.node(Slot::ParamsMetaProgressToken) else {
        return Ok(None);
    };
    if canonical_id(node.raw()) {
        Ok(Some((node.span(), Bytes::copy_from_slice(node.raw()))))
    } else {
        Err((Reason::Envelope(EnvelopeFault::Params), None))
    }
}
