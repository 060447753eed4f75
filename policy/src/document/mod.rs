//! Policy text becomes a [`PolicySet`], or the list of its mistakes.
//!
//! The language is TOML 1.0 with a closed schema: a key that is not known is a mistake and never ignored. Absent means none, empty is a
//! mistake, zero is a mistake. There are no wildcards, no priorities, no includes and no references to the environment.
//!
//! Loading goes: size and encoding, characters, tokens, tables, rules, what the file itself asserts, and a fixed set of messages that no policy
//! may let through. A policy exists only once all of it holds.

mod audit;
mod canary;
mod diff;
mod explain;
mod keys;
mod layout;
mod limits;
mod lists;
mod load;
mod matchers;
mod mistake;
mod moments;
mod never;
mod numbers;
mod pinned;
mod question;
mod resource;
mod section;
mod server;
mod syntax;
mod text;
mod texts;
mod tool;
mod trial;

use std::collections::HashMap;

pub use audit::{AuditRules, Recorded};
pub use diff::{Change, diff, direction};
pub use explain::{Explained, Explanation};
pub use layout::layout;
pub use limits::{AnswerBounds, Limits};
pub use mistake::Mistake;
pub(crate) use pinned::PinLine;
pub(crate) use server::Entry;
pub use server::Server;
pub(crate) use tool::Tool;
pub use trial::TestResult;

use crate::channel::Channel;
use crate::moment::Moment;
use mistake::Mistakes;

/// A policy in executable form. Immutable: an edit of the file makes a new one.
#[derive(Debug)]
pub struct PolicySet {
    name: String,
    not_after: Option<Moment>,
    limits: Limits,
    audit: AuditRules,
    on_invalid: OnInvalid,
    servers: HashMap<Channel, Server>,
}

/// What becomes of the running policy when an edit of its file does not load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnInvalid {
    /// It stays in force.
    #[default]
    Keep,
    /// Nothing crosses until the file is mended.
    Quarantine,
}

/// What was found of a policy file.
#[derive(Debug)]
pub struct Report {
    /// The policy, if there is no mistake.
    pub policy: Option<PolicySet>,
    /// Every mistake, in the order of the file.
    pub mistakes: Vec<Mistake>,
    /// What is allowed and better said more narrowly, in the order of the file.
    pub warnings: Vec<Mistake>,
    /// What became of each `[[test]]`, in the order of the file; nothing while the rules themselves have mistakes.
    pub tests: Vec<TestResult>,
}

impl PolicySet {
    /// The policy that refuses everything, with comments: what `default.toml` of this package says.
    pub const DEFAULT: &'static str = include_str!("../../default.toml");

    /// A JSON Schema of the language, for editors. What it accepts may still be a mistake.
    pub const SCHEMA: &'static str = include_str!("../../schema.json");

    /// Compiles policy text, at most 1 MiB of UTF-8.
    ///
    /// # Errors
    /// Every [`Mistake`] that can be told at once: where the text is no TOML those of its syntax, else all of them.
    pub fn compile(text: &[u8]) -> Result<Self, Vec<Mistake>> {
        let report = Self::check(text);
        report.policy.ok_or(report.mistakes)
    }

    /// Compiles policy text and tells its warnings too.
    #[must_use]
    pub fn check(text: &[u8]) -> Report {
        let text = match text::decode(text) {
            Ok(text) => text,
            Err(mistake) => {
                return Report {
                    policy: None,
                    mistakes: vec![mistake],
                    warnings: Vec::new(),
                    tests: Vec::new(),
                };
            }
        };
        let mut mistakes = Mistakes::new(text);
        let (policy, tests) = load::read(text, &mut mistakes).unzip();
        let is_clean = mistakes.is_empty();
        let (mistakes, warnings) = mistakes.into_lists();
        Report {
            policy: policy.filter(|_| is_clean),
            mistakes,
            warnings,
            tests: tests.unwrap_or_default(),
        }
    }

    /// The name the file gives itself, for records; may be empty.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When the policy ends: from then on nothing crosses.
    #[must_use]
    pub fn not_after(&self) -> Option<Moment> {
        self.not_after
    }

    /// Whether the policy has ended.
    pub(crate) fn is_expired(&self, now: Moment) -> bool {
        self.not_after.is_some_and(|end| now >= end)
    }

    /// The limits of the file, which a server's own may lower.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What the audit log must keep.
    #[must_use]
    pub fn audit(&self) -> &AuditRules {
        &self.audit
    }

    /// What becomes of this policy when an edit of its file does not load.
    #[must_use]
    pub fn on_invalid(&self) -> OnInvalid {
        self.on_invalid
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
        self.servers
            .values()
            .map(|server| server.tools().count())
            .sum()
    }

    /// The limits for a message of a channel: its server's, or the file's.
    pub(crate) fn limits_of(&self, channel: &Channel) -> &Limits {
        self.server(channel).map_or(&self.limits, Server::limits)
    }
}
