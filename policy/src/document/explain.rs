//! Why one call is allowed or refused: the steps of the decision, by the code that decides.

use bytes::Bytes;

use super::trial::in_words;
use super::{PolicySet, Server};
use crate::channel::Channel;
use crate::decide::{self, Ask, Decision, Definition, Vote};
use crate::gate;
use crate::mcp::catalogue::Class;
use crate::moment::Moment;
use crate::permit::ask;
use crate::refusal::{Line, Reason};

/// One step of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// What was looked at.
    pub step: &'static str,
    /// What was found, in plain words.
    pub found: String,
    /// The line of the policy that said so, if one did.
    pub line: Option<u32>,
}

/// How a decision came about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The steps, in order; the last decides.
    pub steps: Vec<Explained>,
    /// Whether the call may cross.
    pub is_allowed: bool,
    /// The stable word for why it may not; empty if it may.
    pub reason: &'static str,
}

impl PolicySet {
    /// Explains what this policy says to a message of a caller on a channel at a moment. Pins are taken to hold and rates not to be used up;
    /// headers are not looked at.
    #[must_use]
    pub fn explain(&self, channel: &Channel, message: &[u8], now: Moment) -> Explanation {
        let mut explanation = Explanation::default();
        let decision = explanation.run(self, channel, message, now);
        match decision {
            Decision::Permitted(_) => explanation.is_allowed = true,
            Decision::Refused(reason, _) => explanation.reason = reason.label(),
        }
        explanation.add("decision", &in_words(decision), line_of(decision));
        explanation
    }
}

impl Explanation {
    fn add(&mut self, step: &'static str, found: &str, line: Option<Line>) {
        self.steps.push(Explained {
            step,
            found: found.to_owned(),
            line: line.map(|line| line.0),
        });
    }

    fn run(
        &mut self,
        policy: &PolicySet,
        channel: &Channel,
        message: &[u8],
        now: Moment,
    ) -> Decision {
        let Some(server) = policy.server(channel) else {
            self.add(
                "server",
                &format!("no `[[server]]` has the channel `{channel}`"),
                None,
            );
            return Decision::Refused(Reason::ChannelNotListed, None);
        };
        self.add(
            "server",
            &format!("the channel `{channel}` is listed"),
            Some(server.line()),
        );
        if policy.is_expired(now) {
            self.add("not_after", "the policy has ended", None);
            return Decision::Refused(Reason::PolicyExpired, None);
        }
        let message = match gate::message(
            Bytes::copy_from_slice(message),
            &server.limits().request_caps(),
        ) {
            Ok(message) => message,
            Err(error) => {
                self.add("gate", &format!("refused at byte {}", error.offset), None);
                return Decision::Refused(Reason::Gate(error.fault), None);
            }
        };
        self.add("gate", "one message that every reader reads alike", None);
        match ask::read(&message) {
            Ok(asked) => self.rules(server, &asked.ask, now),
            Err((reason, line)) => Decision::Refused(reason, line),
        }
    }

    fn rules(&mut self, server: &Server, ask: &Ask, now: Moment) -> Decision {
        self.add(
            "method",
            &format!("`{}`", ask.method.name),
            server.method(ask.method.name),
        );
        if let (Class::ToolCall, Some(name)) = (ask.method.class, ask.tool.as_deref()) {
            self.tool(server, name, ask);
        }
        let decision = decide::decide(server, ask, Definition::AsPinned);
        if let Ok(allowed) = ask::allow(server, ask, Definition::AsPinned, now)
            && allowed.observed.is_some()
        {
            self.add(
                "observe_until",
                "the server is on trial: the refusal below is recorded and not enforced",
                Some(allowed.line),
            );
        }
        decision
    }

    fn tool(&mut self, server: &Server, name: &str, ask: &Ask) {
        let Some(tool) = server.rule(name) else {
            self.add("tool", &format!("`{name}` is not listed"), None);
            return;
        };
        match &tool.entry.deny {
            Some(deny) => self.add(
                "tool",
                &format!("`{name}` is denied: {}", deny.why),
                Some(deny.line),
            ),
            None => self.add(
                "tool",
                &format!("`{name}` is listed"),
                Some(tool.entry.line),
            ),
        }
        if let Some((pin, line)) = tool.pin {
            self.add(
                "pin",
                &format!("holds if the server lists it as {pin}"),
                Some(line),
            );
        }
        match decide::arguments(tool, ask.arguments.as_ref()) {
            Some(Vote::Forbid(reason, line)) => {
                self.add("arguments", &self.broken(tool, ask, reason), line)
            }
            Some(Vote::Permit(_)) | None => self.add("arguments", "all match", None),
        }
        if let Some((calls, line)) = tool.calls_per_min {
            self.add(
                "rate",
                &format!("at most {calls} calls a minute of one principal"),
                Some(line),
            );
        }
    }

    /// Which argument breaks which rule; never its value.
    fn broken(&self, tool: &super::Tool, ask: &Ask, reason: Reason) -> String {
        let sent = ask.arguments.as_ref();
        let fields = tool.arguments.as_ref();
        let broken = fields.and_then(|fields| match sent {
            Some(sent) => fields.judge(sent.node()).err(),
            None => fields.all_there(0).err(),
        });
        match broken.and_then(|broken| broken.rule) {
            Some((name, _)) => format!("`{name}` breaks {}", reason.label()),
            None => reason.label().to_owned(),
        }
    }
}

fn line_of(decision: Decision) -> Option<Line> {
    match decision {
        Decision::Permitted(line) => Some(line),
        Decision::Refused(_, line) => line,
    }
}
