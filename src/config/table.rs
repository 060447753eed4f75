//! The table of settings: each name is written once, here, and flags, environment, file and help all come from it.
//!
//! Promises: `all()` lists every setting that has an effect. Names and defaults are those of the reference client where it has the setting.
//! Leaves to others: what a value means (the section files) and settings without effect (`retired`).

mod agent;
mod control_plane;
mod mcp;
mod surfaces;

pub(crate) use agent::*;
pub(crate) use control_plane::*;
pub(crate) use mcp::*;
pub(crate) use surfaces::*;

/// Which references a value may be instead of a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum References {
    /// None: the text is the value.
    No,
    /// In the file only: `env:NAME` is the value of a variable, `file:PATH` the content of a file, trimmed.
    InFile,
    /// Everywhere: `env:NAME` is a variable that holds a path, `file:PATH` is the path itself.
    Path,
    /// The value is a secret, and a reference is the only way to give it outside its own environment variable.
    Secret,
}

/// The shape of a setting in each source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One text.
    Single(References),
    /// Texts: a repeatable flag, a variable separated by commas, a sequence in the file.
    List,
    /// HTTP headers: a repeatable flag `Name: value`, a variable separated by `,` or `;`, a mapping in the file.
    Headers,
    /// MCP bindings: a repeatable flag, a variable with one binding a line, a sequence of mappings in the file.
    Bindings,
}

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting {
    /// The key in the file, sections joined by dots; also the name used in messages.
    pub(crate) key: &'static str,
    /// The long flag, without dashes.
    pub(crate) flag: &'static str,
    /// The older spelling of the flag, hidden; the dotted one wins.
    pub(crate) alias: Option<&'static str>,
    /// The environment variable.
    pub(crate) env: &'static str,
    /// Its shape.
    pub(crate) kind: Kind,
    /// The placeholder in the help.
    pub(crate) value_name: &'static str,
    /// The default, as an operator would write it.
    pub(crate) default: Option<&'static str>,
    /// Whether a message may repeat a (short) value. Never set where a secret could be part of a right value.
    pub(crate) echo: bool,
    /// Whether an empty flag or file value is a way to write the default. An empty variable never is.
    pub(crate) empty_ok: bool,
    /// One line of help.
    pub(crate) help: &'static str,
}

impl Setting {
    /// A setting with no alias and no default, whose values are not repeated in messages.
    const fn new(
        key: &'static str,
        flag: &'static str,
        env: &'static str,
        kind: Kind,
        value_name: &'static str,
        help: &'static str,
    ) -> Self {
        Self {
            key,
            flag,
            alias: None,
            env,
            kind,
            value_name,
            default: None,
            echo: false,
            empty_ok: false,
            help,
        }
    }

    const fn alias(mut self, alias: &'static str) -> Self {
        self.alias = Some(alias);
        self
    }

    const fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    const fn echo(mut self) -> Self {
        self.echo = true;
        self
    }

    const fn empty_ok(mut self) -> Self {
        self.empty_ok = true;
        self
    }

    /// How to give this setting, for remedies.
    pub(crate) fn ways(&self) -> String {
        format!(
            "--{}, {} or `{}` in the file",
            self.flag, self.env, self.key
        )
    }
}

/// Every setting that has an effect, in the order of the help.
pub(crate) fn all() -> impl Iterator<Item = &'static Setting> {
    [
        CONTROL_PLANE_SETTINGS,
        MCP_SETTINGS,
        SURFACE_SETTINGS,
        AGENT_SETTINGS,
    ]
    .into_iter()
    .flatten()
    .copied()
}
