//! The state of one call: only it turns what a server answers into a [`Released`].

mod streams;

use std::sync::Arc;

use bytes::Bytes;

use super::Permitted;
use super::answer;
use super::ask::{self, Allowed};
use super::heard::Heard;
use super::own::Own;
use super::released::{Asked, Released, ReplyKind};
use super::removed::Removed;
use super::step::{Ignored, Step, Verdict};
use super::watched::Watched;
use crate::channel::Channel;
use crate::decide::{Ask, Definition};
use crate::document::{Limits, PolicySet};
use crate::failure::{Failure, FailureKind};
use crate::headers::{self, Header};
use crate::ledger::{InFlight, LiveCall, OpenStream, Owner};
use crate::mcp::catalogue::Method;
use crate::mcp::revision::Revision;
use crate::mirror;
use crate::moment::Moment;
use crate::refusal::{CorrelationId, Line, Reason};

/// The state of one admitted message until its one reply is posted.
///
/// It holds what was promised: the policy that admitted the call, the ids, the progress token, the counts. Every answer is judged by that
/// policy and by the one in force when the answer comes: the same or tighter, never looser (threat F4).
///
/// It answers once:
///
/// ```
/// use portcullis_policy::{Exchange, Released};
///
/// fn end(exchange: Exchange) -> Released {
///     exchange.acknowledge()
/// }
/// ```
///
/// and not twice:
///
/// ```compile_fail,E0382
/// use portcullis_policy::{Exchange, Released};
///
/// fn end(exchange: Exchange) -> Released {
///     exchange.acknowledge();
///     exchange.acknowledge()
/// }
/// ```
pub struct Exchange {
    grant: Grant,
    expects: Expects,
    status: u16,
    returned: Vec<(&'static str, String)>,
    events: usize,
    bytes: usize,
    heard: Heard,
    removed: Removed,
}

/// What was granted, to whom, by which policy.
pub(super) struct Grant {
    pub(super) policy: Arc<PolicySet>,
    pub(super) channel: Channel,
    pub(super) correlation: CorrelationId,
    pub(super) allowed: Allowed,
}

enum Expects {
    Answer(Box<Call>),
    /// A notification, and the call that it cancels if it does.
    Ack(&'static Method, Option<InFlight>),
    Termination,
}

/// What a call remembers of its request.
pub(super) struct Call {
    pub(super) channel: Channel,
    pub(super) ask: Ask,
    pub(super) definition: Definition,
    pub(super) now: Moment,
    pub(super) watched: Watched,
    pub(super) caller_id: Bytes,
    pub(super) upstream_id: u64,
    pub(super) token: Option<Bytes>,
    pub(super) headers: Arc<[Header]>,
    pub(super) revision: Revision,
    pub(super) owner: Owner,
    /// The place of an event stream, if it is one.
    pub(super) stream: Option<OpenStream>,
    pub(super) _live: LiveCall,
}

impl Call {
    fn is_still_as_listed(&self) -> bool {
        let Watched {
            ledger, whose, now, ..
        } = &self.watched;
        match (&self.ask.tool, self.definition) {
            (Some(tool), seen @ Definition::Seen(_)) => {
                ledger.definition(whose, tool, *now) == seen
            }
            (_, Definition::Seen(_) | Definition::Unseen | Definition::AsPinned) => true,
        }
    }

    fn may_be_cancelled(&self) -> bool {
        self.ask.method.name != "initialize" && !self.ask.as_task && !self.revision.is_modern()
    }
}

impl Exchange {
    pub(super) fn call(grant: Grant, call: Call) -> Self {
        Self::new(grant, Expects::Answer(Box::new(call)))
    }

    pub(super) fn notification(
        grant: Grant,
        method: &'static Method,
        cancels: Option<InFlight>,
    ) -> Self {
        Self::new(grant, Expects::Ack(method, cancels))
    }

    pub(super) fn termination(grant: Grant) -> Self {
        Self::new(grant, Expects::Termination)
    }

    fn new(grant: Grant, expects: Expects) -> Self {
        Self {
            grant,
            expects,
            status: 200,
            returned: Vec::new(),
            events: 0,
            bytes: 0,
            heard: Heard::default(),
            removed: Removed::default(),
        }
    }

    /// What names this exchange in the record and on the wire.
    #[must_use]
    pub fn correlation(&self) -> CorrelationId {
        self.grant.correlation
    }

    /// The method that was permitted; `None` for the end of a session or a notification.
    #[must_use]
    pub fn ask(&self) -> Option<&Ask> {
        match &self.expects {
            Expects::Answer(call) => Some(&call.ask),
            Expects::Ack(..) | Expects::Termination => None,
        }
    }

    /// The catalogue's name of the permitted method; empty for the end of a session.
    #[must_use]
    pub fn method(&self) -> &'static str {
        match &self.expects {
            Expects::Answer(call) => call.ask.method.name,
            Expects::Ack(method, _) => method.name,
            Expects::Termination => "",
        }
    }

    /// The line of the policy that permitted it.
    #[must_use]
    pub fn line(&self) -> Line {
        self.grant.allowed.line
    }

    /// What the rules would have refused, were the server not on trial: the decision was no, and was not enforced.
    #[must_use]
    pub fn observed(&self) -> Option<(Reason, Option<Line>)> {
        self.grant.allowed.observed
    }

    /// Whether the server's messages are to be read: only a call has an answer.
    #[must_use]
    pub fn awaits_answer(&self) -> bool {
        matches!(self.expects, Expects::Answer(_))
    }

    /// Whether what was known of the called tool's definition when the call was permitted is known still, just before it is sent.
    #[must_use]
    pub fn is_still_as_listed(&self) -> bool {
        match &self.expects {
            Expects::Answer(call) => call.is_still_as_listed(),
            Expects::Ack(..) | Expects::Termination => true,
        }
    }

    /// What was taken out of the listing that was released, for the record.
    #[must_use]
    pub fn removed(&self) -> &Removed {
        &self.removed
    }

    /// Notes the status and headers the server answered with.
    pub fn begin(&mut self, status: u16, received: &[(String, String)]) {
        self.status = status;
        self.returned = headers::returned(received);
    }

    /// The reply to a notification or to the end of a session, after [`Self::begin`]: the server's status and allowed headers.
    ///
    /// A redirect, or a status that is none of an ended request, is a failure: the service takes 2xx, 4xx and 5xx (wire sheet 17). A call has
    /// no such reply; asked for one, it fails.
    #[must_use]
    pub fn acknowledge(self) -> Released {
        if !is_final(self.status) {
            return self.fail(Failure::status(
                self.status,
                FailureKind::NonProtocolResponse,
            ));
        }
        let kind = match self.expects {
            Expects::Ack(..) => ReplyKind::Ack,
            Expects::Termination => ReplyKind::Termination,
            Expects::Answer(_) => return self.fail(Failure::internal()),
        };
        Released::acknowledgement(kind, self.status, self.returned)
    }

    /// The reply when there is no answer to judge.
    #[must_use]
    pub fn fail(&self, failure: Failure) -> Released {
        Released::failure(self.asked(), failure, self.returned.clone())
    }

    /// The reply when the policy says no after all.
    #[must_use]
    pub fn refuse(&self, reason: Reason) -> Released {
        Released::denial(self.asked(), reason, self.grant.correlation)
    }

    /// What to tell the server when its answer is no longer waited for: our id of the call, on the session of the call (W-18).
    ///
    /// `None` where MCP has no such message: for what is no call, for `initialize`, for a call that makes a task, which has its own way to end
    /// (MCP 2025-11-25, cancellation and tasks), and from 2026-07-28 on, where the end of the stream says it.
    #[must_use]
    pub fn cancel(&self) -> Option<Permitted> {
        match &self.expects {
            Expects::Answer(call) if call.may_be_cancelled() => {
                Some(self.own(&Own::Cancelled(call.upstream_id)))
            }
            Expects::Answer(_) | Expects::Ack(..) | Expects::Termination => None,
        }
    }

    /// Judges one message of the server: a whole JSON body, or the data of one event.
    ///
    /// `current` is the policy in force now.
    pub fn judge(&mut self, text: Bytes, current: &PolicySet) -> Step {
        self.events += 1;
        self.bytes = self.bytes.saturating_add(text.len());
        let Expects::Answer(call) = &self.expects else {
            return self.failed(Failure::internal(), None);
        };
        if let Some((reason, line)) = self.refused_now(call, current) {
            return Step::Final(self.refuse(reason), Verdict::Refused(reason, line));
        }
        let policies = [&*self.grant.policy, current];
        let finding = answer::judge(call, text, self.status, policies, &mut self.heard);
        let finding = self.damped(finding, current);
        self.conclude(finding)
    }

    /// Past the number of messages a call may have, its answer is all that still crosses (D10).
    fn damped(&self, finding: answer::Finding, current: &PolicySet) -> answer::Finding {
        let limits = self.limits(current);
        let flooded = limits.iter().any(|l| self.events > l.stream_events);
        if flooded && finding.goes_on() {
            answer::Finding::Ignore(Ignored::Excess)
        } else {
            finding
        }
    }

    /// The bytes of the stream, and the policy in force: what was permitted must still be.
    fn refused_now(&self, call: &Call, current: &PolicySet) -> Option<(Reason, Option<Line>)> {
        let limits = self.limits(current);
        if limits.iter().any(|l| self.bytes > l.stream_bytes) {
            return Some((Reason::StreamLimit, None));
        }
        self.still_permits(Some(call), current).err()
    }

    /// Whether the policy in force now still permits what was asked: a tightening reaches what is in flight.
    ///
    /// # Errors
    /// [`Reason::PolicyTightened`], and the line of `current` that decided.
    pub fn still_permitted(&self, current: &PolicySet) -> Result<(), (Reason, Option<Line>)> {
        let call = match &self.expects {
            Expects::Answer(call) => Some(call.as_ref()),
            Expects::Ack(..) | Expects::Termination => None,
        };
        self.still_permits(call, current)
    }

    /// What is no call was judged a moment ago and waits for nothing: of it only the server must still be listed.
    fn still_permits(
        &self,
        call: Option<&Call>,
        current: &PolicySet,
    ) -> Result<(), (Reason, Option<Line>)> {
        if std::ptr::eq(Arc::as_ptr(&self.grant.policy), current) {
            return Ok(());
        }
        let server = current
            .server(&self.grant.channel)
            .ok_or((Reason::PolicyTightened, None))?;
        let Some(call) = call else {
            return Ok(());
        };
        let allowed = ask::allow(server, &call.ask, call.definition, call.now);
        match allowed {
            Ok(_) if server.speaks(call.revision) => Ok(()),
            Ok(_) => Err((Reason::PolicyTightened, Some(server.line()))),
            Err((_, line)) => Err((Reason::PolicyTightened, line)),
        }
    }

    /// The limits of both policies: what passes keeps both.
    fn limits<'p>(&'p self, current: &'p PolicySet) -> [&'p Limits; 2] {
        [&self.grant.policy, current].map(|policy| policy.limits_of(&self.grant.channel))
    }

    fn conclude(&mut self, finding: answer::Finding) -> Step {
        match finding {
            answer::Finding::Notify(json) => {
                Step::Notify(Released::notify(self.status, self.returned.clone(), json))
            }
            answer::Finding::Answer { json, removed } => {
                let released = Released::answer(self.status, self.returned.clone(), json);
                let count = removed.count;
                self.removed = removed;
                Step::Final(released, Verdict::Released { removed: count })
            }
            answer::Finding::Ping(id) => Step::Reply(self.own(&Own::Pong(&id))),
            answer::Finding::Request(id) => Step::Reply(self.own(&Own::MethodNotFound(&id))),
            answer::Finding::Ignore(ignored) => Step::Ignore(ignored),
            answer::Finding::Refuse(reason) => {
                Step::Final(self.refuse(reason), Verdict::Refused(reason, None))
            }
            answer::Finding::Fail(failure, reason) => self.failed(failure, reason),
        }
    }

    fn failed(&self, failure: Failure, reason: Option<Reason>) -> Step {
        Step::Final(self.fail(failure), Verdict::Failed(failure, reason))
    }

    /// A message of ours on the session and with the credentials of the call it belongs to.
    fn own(&self, own: &Own<'_>) -> Permitted {
        let channel = &self.grant.channel;
        let Expects::Answer(call) = &self.expects else {
            return own.mint_by(&self.grant.policy, channel, Vec::new());
        };
        let mut headers: Vec<Header> = call
            .headers
            .iter()
            .filter(|h| !h.name.starts_with("mcp-method") && h.name != "mcp-name")
            .filter(|h| !h.name.starts_with(mirror::PREFIX))
            .cloned()
            .collect();
        let opened = self
            .returned
            .iter()
            .find(|(name, _)| *name == "Mcp-Session-Id");
        if let Some((_, session)) =
            opened.filter(|_| !headers.iter().any(|h| h.name == "mcp-session-id"))
        {
            headers.push(Header {
                name: "mcp-session-id".into(),
                value: session.clone().into(),
            });
        }
        own.mint_by(&self.grant.policy, channel, headers)
    }

    fn asked(&self) -> Asked {
        match &self.expects {
            Expects::Answer(call) => Asked::Call(Some(call.caller_id.clone())),
            Expects::Ack(..) => Asked::Notification,
            Expects::Termination => Asked::Termination,
        }
    }
}

/// Whether a status ends a request with something to tell.
const fn is_final(status: u16) -> bool {
    matches!(status, 200..=299 | 400..=599)
}
