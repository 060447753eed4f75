//! Policy text becomes a [`PolicySet`], or the list of its mistakes.
//!
//! The language is TOML with a closed schema: a key that is not known is a mistake and never ignored. Absent means none, empty is a
//! mistake, zero is a mistake. There are no wildcards, no priorities, no includes and no references to the environment.

mod audit;
mod limits;
mod mistake;
mod schema;
mod text;

use std::collections::{BTreeMap, HashMap};

pub use audit::{AuditRules, Recorded};
pub use limits::Limits;
pub use mistake::Mistake;

use crate::channel::Channel;
use crate::headers;
use crate::mcp::catalogue::is_tool_name;
use crate::refusal::Line;
use mistake::Mistakes;
use schema::{RawPolicy, RawServer};
use toml::Spanned;

/// A policy in executable form. Immutable: an edit of the file makes a new one.
#[derive(Debug)]
pub struct PolicySet {
    name: String,
    limits: Limits,
    audit: AuditRules,
    servers: HashMap<Channel, Server>,
}

/// What one channel's server may be asked.
#[derive(Debug)]
pub struct Server {
    line: Line,
    tools: BTreeMap<String, Line>,
    forward_headers: Vec<String>,
}

impl PolicySet {
    /// The policy that refuses everything, with comments: what `default.toml` of this package says.
    pub const DEFAULT: &'static str = include_str!("../../default.toml");

    /// Compiles policy text, at most 1 MiB of UTF-8.
    ///
    /// # Errors
    /// Every [`Mistake`] that can be told at once: all of them where the text is TOML of the right shape, else the first.
    pub fn compile(text: &[u8]) -> Result<Self, Vec<Mistake>> {
        let text = text::check(text)?;
        let raw: RawPolicy =
            toml::from_str(text).map_err(|error| vec![Mistake::from_toml(text, &error)])?;
        let mut mistakes = Mistakes::new(text);
        schema::check_version(&raw, &mut mistakes);
        let limits = Limits::compile(raw.limits.as_ref(), &mut mistakes);
        let audit = AuditRules::compile(raw.audit.as_ref(), &mut mistakes);
        let servers = compile_servers(&raw.server, &mut mistakes);
        let name = raw.name.unwrap_or_default();
        mistakes.into_result()?;
        Ok(Self {
            name,
            limits,
            audit,
            servers,
        })
    }

    /// The name the file gives itself, for records; may be empty.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The limits in force.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What the audit log must keep.
    #[must_use]
    pub fn audit(&self) -> &AuditRules {
        &self.audit
    }

    /// The server bound to a channel, if the policy lists it.
    #[must_use]
    pub fn server(&self, channel: &Channel) -> Option<&Server> {
        self.servers.get(channel)
    }

    /// Every listed server and its channel.
    pub fn servers(&self) -> impl Iterator<Item = (&Channel, &Server)> {
        self.servers.iter()
    }

    /// How many servers the policy lists.
    #[must_use]
    pub fn server_count(&self) -> usize {
        self.servers.len()
    }

    /// How many tools it lists over all servers.
    #[must_use]
    pub fn tool_count(&self) -> usize {
        self.servers.values().map(|server| server.tools.len()).sum()
    }
}

impl Server {
    /// The line that lists the server.
    #[must_use]
    pub fn line(&self) -> Line {
        self.line
    }

    /// The line that lists this tool: exact bytes, no folding.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<Line> {
        self.tools.get(name).copied()
    }

    /// The listed tools and their lines.
    pub fn tools(&self) -> impl Iterator<Item = (&str, Line)> {
        self.tools.iter().map(|(name, line)| (name.as_str(), *line))
    }

    /// Header names, in lower case, that may cross besides the fixed ones.
    #[must_use]
    pub fn forward_headers(&self) -> &[String] {
        &self.forward_headers
    }
}

fn compile_servers(raw: &[RawServer], mistakes: &mut Mistakes<'_>) -> HashMap<Channel, Server> {
    let mut servers = HashMap::new();
    for server in raw {
        let Some(channel) = compile_channel(&server.channel, mistakes) else {
            continue;
        };
        let compiled = Server {
            line: mistakes.line_of(&server.channel),
            tools: compile_tools(server, mistakes),
            forward_headers: compile_forward_headers(server, mistakes),
        };
        if servers.insert(channel, compiled).is_some() {
            mistakes.add(
                &server.channel,
                "this channel has a `[[server]]` already",
                "merge the two entries into one",
            );
        }
    }
    servers
}

fn compile_channel(written: &Spanned<String>, mistakes: &mut Mistakes<'_>) -> Option<Channel> {
    match Channel::parse(written.get_ref()) {
        Ok(channel) if channel.as_str() == written.get_ref() => Some(channel),
        Ok(channel) => {
            mistakes.add(
                written,
                "the channel is not in its canonical spelling",
                &format!("write `{channel}`"),
            );
            None
        }
        Err(error) => {
            mistakes.add(
                written,
                &error.to_string(),
                "use the name of an MCP binding, such as `main`",
            );
            None
        }
    }
}

fn compile_tools(server: &RawServer, mistakes: &mut Mistakes<'_>) -> BTreeMap<String, Line> {
    let mut tools = BTreeMap::new();
    let Some(list) = &server.tools else {
        return tools;
    };
    if list.get_ref().is_empty() {
        mistakes.add(
            list,
            "an empty list allows nothing",
            "name a tool, or leave `tools` out",
        );
    }
    for name in list.get_ref() {
        if !is_tool_name(name.get_ref()) {
            let remedy = "use the exact name the server lists: 1 to 128 of A-Z a-z 0-9 _ - . /; there are no wildcards";
            mistakes.add(name, "this can never be a tool's name", remedy);
        } else if tools
            .insert(name.get_ref().clone(), mistakes.line_of(name))
            .is_some()
        {
            mistakes.add(name, "this tool is listed already", "remove one of the two");
        }
    }
    tools
}

fn compile_forward_headers(server: &RawServer, mistakes: &mut Mistakes<'_>) -> Vec<String> {
    let Some(list) = &server.forward_headers else {
        return Vec::new();
    };
    if list.get_ref().is_empty() {
        mistakes.add(
            list,
            "an empty list forwards nothing",
            "name a header, or leave `forward_headers` out",
        );
    }
    for name in list.get_ref() {
        if !headers::is_lower_case_token(name.get_ref()) {
            mistakes.add(
                name,
                "this is no header name in lower case",
                "write it as in `x-tenant`",
            );
        } else if headers::is_reserved(name.get_ref()) {
            mistakes.add(
                name,
                "this header is always forwarded or never",
                "remove it",
            );
        }
    }
    list.get_ref()
        .iter()
        .map(|name| name.get_ref().clone())
        .collect()
}
