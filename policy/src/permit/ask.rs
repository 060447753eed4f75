//! What a gated message asks for, and whether the rules, a trial and a rate let it.

use std::borrow::Cow;

use super::refers;
use crate::decide::{Ask, Decision, Definition, decide};
use crate::document::Server;
use crate::gate::{Gated, Slot};
use crate::mcp::catalogue::{self, Class, Kind, Method, Selector};
use crate::mcp::envelope::{self, Envelope, EnvelopeFault, Id};
use crate::moment::Moment;
use crate::refusal::{Line, Reason};

/// A refusal before its wire form is known: the reason, and the line that decided.
pub(crate) type No = (Reason, Option<Line>);

/// What a message asks, and the id it wants an answer under.
pub(crate) struct Asked<'a> {
    pub(crate) id: Option<Id<'a>>,
    pub(crate) ask: Ask,
}

/// What the rules allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// The line that allows it.
    pub(crate) line: Line,
    /// What the rules would have refused, were the server not on trial.
    pub(crate) observed: Option<No>,
}

/// Reads a request or notification of a caller.
///
/// # Errors
/// The reason when it is none, or none that the catalogue knows.
pub(crate) fn read(message: &Gated) -> Result<Asked<'_>, No> {
    let (id, name, kind) =
        match envelope::read(message).map_err(|fault| (Reason::Envelope(fault), None))? {
            Envelope::Request { id, method } => (Some(id), method, Kind::Request),
            Envelope::Notification { method } => (None, method, Kind::Notification),
            Envelope::Answer { .. } => return Err((Reason::OrphanAnswer, None)),
        };
    let method = catalogue::caller(&name)
        .filter(|m| m.kind == kind)
        .ok_or((Reason::MethodUnknown, None))?;
    refers::check(message).map_err(|reason| (reason, None))?;
    let ask = target(message, method);
    Ok(Asked { id, ask })
}

/// What a message of this method acts on.
pub(crate) fn target(message: &Gated, method: &'static Method) -> Ask {
    let text = |slot| Some(message.node(slot)?.text()?.into_owned());
    let (mut tool, mut prompt, mut uri, mut arguments) = (None, None, None, None);
    match method.class {
        Class::ToolCall => {
            tool = text(Slot::ParamsName);
            arguments = message
                .node(Slot::ParamsArguments)
                .and_then(|node| node.keep());
        }
        Class::PromptGet => prompt = text(Slot::ParamsName),
        Class::ResourceRead | Class::Named(Selector::Resource) => uri = text(Slot::ParamsUri),
        Class::Named(Selector::Reference) => match text(Slot::RefType).as_deref() {
            Some("ref/prompt") => prompt = text(Slot::RefName),
            Some("ref/resource") => uri = text(Slot::RefUri),
            Some(_) | None => {}
        },
        Class::Lifecycle
        | Class::Cancel
        | Class::ToolListing
        | Class::ResourceListing
        | Class::PromptListing
        | Class::Named(
            Selector::Nothing | Selector::Task | Selector::Tasks | Selector::Subscription,
        )
        | Class::Unlisted => {}
    }
    Ask {
        method,
        tool,
        prompt,
        uri,
        arguments,
        as_task: message.node(Slot::ParamsTask).is_some(),
        has_input: message.node(Slot::ParamsInputResponses).is_some(),
        refers: refers::read(message, method.class),
    }
}

/// A member that must be a string if it is there.
pub(crate) fn text(message: &Gated, slot: Slot) -> Result<Option<Cow<'_, str>>, No> {
    let text = message.node(slot).map(|node| {
        node.text()
            .ok_or((Reason::Envelope(EnvelopeFault::Params), None))
    });
    text.transpose()
}

/// Decides, and lets a server on trial pass what its lists leave out.
///
/// # Errors
/// The reason, and the line that decided.
pub(crate) fn allow(
    server: &Server,
    ask: &Ask,
    definition: Definition,
    now: Moment,
) -> Result<Allowed, No> {
    match decide(server, ask, definition) {
        Decision::Permitted(line) => Ok(Allowed {
            line,
            observed: None,
        }),
        Decision::Refused(reason, line) if may_be_observed(reason, ask) && server.observes(now) => {
            Ok(Allowed {
                line: server.line(),
                observed: Some((reason, line)),
            })
        }
        Decision::Refused(reason, line) => Err((reason, line)),
    }
}

/// A method that refers to what earlier messages made never passes on trial.
fn may_be_observed(reason: Reason, ask: &Ask) -> bool {
    reason.is_observable() && !ask.method.class.is_bound()
}
