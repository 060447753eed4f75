//! What is wrong with a configuration, said so that a newcomer can mend it.
//!
//! Promises: a mistake names the setting, the place the value came from, the problem and the remedy, and never carries the
//! content of a secret. Every mistake of one start is reported at once.
//! Leaves to others: printing (`cli`) and finding mistakes (the sections; the startup code for certificates and roots).

use std::fmt;
use std::path::PathBuf;

/// Where a value came from, or where one was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A command line flag, written with its dashes.
    Flag(String),
    /// An environment variable, by name.
    Environment(String),
    /// A place in the configuration file. Line and column count from 1; 0 means that the whole file is meant.
    File {
        /// The file as the operator named it.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// Column, from 1.
        column: u64,
    },
    /// The built-in default.
    Default,
    /// Nothing gave a value.
    Absent,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::File { path, line: 0, .. } => write!(f, "{}", path.display()),
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Self::Default => f.write_str("built-in default"),
            Self::Absent => f.write_str("not set"),
        }
    }
}

/// One thing wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    setting: String,
    source: Source,
    problem: String,
    remedy: String,
}

impl Mistake {
    /// A mistake in `setting` (its key in the file), found in `source`. `problem` and `remedy` are lower-case phrases
    /// without a full stop; neither may contain the content of a secret.
    pub fn new(
        setting: impl Into<String>,
        source: Source,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            setting: setting.into(),
            source,
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }

    /// The key of the setting, as the configuration file spells it.
    pub fn setting(&self) -> &str {
        &self.setting
    }

    /// Where the value came from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// What is wrong.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// What to do about it.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({}): {}\n    remedy: {}",
            self.setting, self.source, self.problem, self.remedy
        )
    }
}

/// Every mistake found in one configuration, in the order of the settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// The mistakes; never empty.
    pub mistakes: Vec<Mistake>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mistakes.len() {
            1 => write!(f, "1 mistake in the configuration")?,
            count => write!(f, "{count} mistakes in the configuration")?,
        }
        for (number, mistake) in self.mistakes.iter().enumerate() {
            write!(f, "\n{}. {mistake}", number.saturating_add(1))?;
        }
        Ok(())
    }
}

/// Something accepted that the operator should know of: a setting without effect here, or with one that may surprise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The key of the setting, as the configuration file spells it.
    pub setting: String,
    /// Where the value came from.
    pub source: Source,
    /// What to know.
    pub note: String,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.setting, self.source, self.note)
    }
}

/// What a parser found wrong, before it is known where the text came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong; a phrase that follows the value or the words "the value".
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
}

impl Fault {
    /// A fault; see [`Mistake::new`] for the style of the phrases.
    pub fn new(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }
}
