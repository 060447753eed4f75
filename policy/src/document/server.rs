//! `[[server]]`: what one channel's server may be asked and may send.

use std::collections::{BTreeMap, HashMap};

use super::keys;
use super::limits::Limits;
use super::lists;
use super::mistake::Mistakes;
use super::moments::moment;
use super::pinned::{self, PinLine};
use super::section::{Item, Section};
use super::tool;
use super::{resource, tool::Tool};
use crate::channel::Channel;
use crate::mcp::revision::Revision;
use crate::mcp::uri::Subtree;
use crate::moment::Moment;
use crate::refusal::Line;

/// What one channel's server may be asked.
#[derive(Debug)]
pub struct Server {
    pub(super) line: Line,
    pub(super) revisions: Vec<Revision>,
    pub(super) tools: BTreeMap<String, Tool>,
    pub(super) prompts: BTreeMap<String, Entry>,
    pub(super) resources: Vec<Resource>,
    pub(super) methods: BTreeMap<&'static str, Line>,
    pub(super) server_may_send: Vec<&'static str>,
    pub(super) forward_headers: Vec<String>,
    pub(super) limits: Limits,
    pub(super) observe_until: Option<(Moment, Line)>,
    pub(super) instructions: Option<PinLine>,
}

/// One entry: it lists what it names, or denies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Where it stands.
    pub(crate) line: Line,
    /// Set when it denies.
    pub(crate) deny: Option<Deny>,
}

/// An explicit denial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deny {
    pub(crate) line: Line,
    /// Why, for people.
    pub(crate) why: String,
}

/// `[[server.resource]]`.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) entry: Entry,
    pub(crate) subtree: Subtree,
}

impl Server {
    /// The line that lists the server.
    #[must_use]
    pub fn line(&self) -> Line {
        self.line
    }

    /// The line that lists this tool, if it may be called at all: exact bytes, no folding.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<Line> {
        let tool = self.tools.get(name)?;
        tool.entry.deny.is_none().then_some(tool.entry.line)
    }

    /// The tools that may be called, and their lines.
    pub fn tools(&self) -> impl Iterator<Item = (&str, Line)> {
        let listed = self
            .tools
            .iter()
            .filter(|(_, tool)| tool.entry.deny.is_none());
        listed.map(|(name, tool)| (name.as_str(), tool.entry.line))
    }

    /// Header names, in lower case, that may cross besides the fixed ones.
    #[must_use]
    pub fn forward_headers(&self) -> &[String] {
        &self.forward_headers
    }

    /// The limits of this server: the file's, or lower.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Until when this server is on trial: what its lists leave out passes, and is recorded as a denial that was not enforced.
    #[must_use]
    pub fn observe_until(&self) -> Option<Moment> {
        self.observe_until.map(|(until, _)| until)
    }

    /// The line that puts this server on trial.
    #[must_use]
    pub fn trial_line(&self) -> Option<Line> {
        self.observe_until.map(|(_, line)| line)
    }

    /// Whether this server is on trial at a moment.
    pub(crate) fn observes(&self, now: Moment) -> bool {
        self.observe_until().is_some_and(|until| now < until)
    }

    /// Whether messages of this revision may cross; any revision, if none is listed.
    pub(crate) fn speaks(&self, revision: Revision) -> bool {
        self.revisions.is_empty() || self.revisions.contains(&revision)
    }

    /// Whether messages of every revision may cross, known or not.
    pub(crate) fn speaks_any(&self) -> bool {
        self.revisions.is_empty()
    }

    /// Whether the server may send this notification during a call, besides the call's own progress.
    pub(crate) fn may_send(&self, method: &str) -> bool {
        self.server_may_send.contains(&method)
    }

    /// The line of `methods` that names this one.
    pub(crate) fn method(&self, name: &str) -> Option<Line> {
        self.methods.get(name).copied()
    }

    /// Whether calls may become tasks: whether `methods` lets the caller ask for them.
    pub(crate) fn lists_tasks(&self) -> bool {
        self.methods.contains_key("tasks/get")
    }

    pub(crate) fn rule(&self, tool: &str) -> Option<&Tool> {
        self.tools.get(tool)
    }

    pub(crate) fn prompt(&self, name: &str) -> Option<&Entry> {
        self.prompts.get(name)
    }

    /// Whether anything is said about prompts.
    pub(crate) fn rules_prompts(&self) -> bool {
        !self.prompts.is_empty()
    }

    pub(crate) fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// The first line that lists a resource.
    pub(crate) fn first_resource(&self) -> Option<Line> {
        first(self.resources.iter().map(|resource| &resource.entry))
    }

    /// The first line that lists a prompt.
    pub(crate) fn first_prompt(&self) -> Option<Line> {
        first(self.prompts.values())
    }
}

fn first<'e>(mut entries: impl Iterator<Item = &'e Entry>) -> Option<Line> {
    entries
        .find(|entry| entry.deny.is_none())
        .map(|entry| entry.line)
}

/// Every server of the file by its channel.
pub(super) fn compile(
    sections: &[Section<'_>],
    limits: &Limits,
    mistakes: &mut Mistakes<'_>,
) -> HashMap<Channel, Server> {
    let mut servers = HashMap::new();
    for section in sections {
        let section = section.closed(&keys::SERVER, keys::top, mistakes);
        let named = section.need("channel", mistakes);
        let compiled = one(section, named, limits, mistakes);
        let Some((item, channel)) = named.and_then(|item| Some((item, channel(item, mistakes)?)))
        else {
            continue;
        };
        if servers.insert(channel, compiled).is_some() {
            let remedy = "merge the two entries into one";
            mistakes.add(item.at, "this channel has a `[[server]]` already", remedy);
        }
    }
    servers
}

fn one(
    section: Section<'_>,
    named: Option<Item<'_>>,
    limits: &Limits,
    mistakes: &mut Mistakes<'_>,
) -> Server {
    let lowered = section
        .get("limits")
        .and_then(|item| item.section(mistakes));
    let (resources, prompts) = (
        resource::compile(section, mistakes),
        resource::prompts(section, mistakes),
    );
    let at = named.map_or(section.at, |item| item.at);
    let server = Server {
        line: mistakes.line(at),
        revisions: lists::revisions(section.get("revisions"), mistakes),
        tools: tool::compile(section, mistakes),
        prompts,
        resources,
        methods: lists::methods(section.get("methods"), mistakes),
        server_may_send: lists::server_may_send(section.get("server_may_send"), mistakes),
        forward_headers: lists::forward_headers(section.get("forward_headers"), mistakes),
        limits: lowered.map_or_else(|| limits.clone(), |section| limits.lower(section, mistakes)),
        observe_until: section
            .get("observe_until")
            .and_then(|item| Some((moment(item, mistakes)?, item.line(mistakes)))),
        instructions: section
            .get("instructions")
            .and_then(|item| tool::pinned(item, mistakes)),
    };
    pinned::check(&server, at, mistakes);
    server
}

/// A channel in its canonical spelling.
pub(super) fn channel(item: Item<'_>, mistakes: &mut Mistakes<'_>) -> Option<Channel> {
    let written = item.text(mistakes)?;
    match Channel::parse(written) {
        Ok(channel) if channel.as_str() == written => Some(channel),
        Ok(channel) => {
            let problem = "the channel is not in its canonical spelling";
            mistakes.add(item.at, problem, &format!("write `{channel}`"));
            None
        }
        Err(error) => {
            let remedy = "use the name of an MCP binding, such as `main`";
            mistakes.add(item.at, &error.to_string(), remedy);
            None
        }
    }
}
