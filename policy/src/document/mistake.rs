//! A mistake in a policy file: where, what, and what to do.

use std::fmt;

use crate::refusal::Line;

/// One mistake in a policy file, or one warning. Lines and columns count from 1; columns count characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
}

impl Mistake {
    /// A mistake of the whole file.
    pub(super) fn at_start(problem: &str, remedy: &str) -> Self {
        Self {
            line: 1,
            column: 1,
            problem: problem.to_owned(),
            remedy: remedy.to_owned(),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {}; {}",
            self.line, self.column, self.problem, self.remedy
        )
    }
}

/// Collects mistakes and warnings, so that all are told at once. Places are bytes of the text.
pub(super) struct Mistakes<'a> {
    text: &'a str,
    /// Where each line begins.
    lines: Vec<usize>,
    found: Vec<Mistake>,
    warnings: Vec<Mistake>,
}

impl<'a> Mistakes<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            lines: std::iter::once(0).chain(breaks).collect(),
            found: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Adds a mistake.
    pub(super) fn add(&mut self, at: usize, problem: &str, remedy: &str) {
        let mistake = self.at(at, problem, remedy);
        self.found.push(mistake);
    }

    /// Adds what the TOML reader refused.
    pub(super) fn add_toml(&mut self, error: &toml::de::Error) {
        let at = error.span().map_or(0, |span| span.start);
        let problem = error.message().lines().next().unwrap_or("this is no TOML");
        let remedy = "see the comments in the default policy for how values are written";
        self.add(at, problem, remedy);
    }

    /// Adds a warning: the file is loaded all the same.
    pub(super) fn warn(&mut self, at: usize, problem: &str, remedy: &str) {
        let warning = self.at(at, problem, remedy);
        self.warnings.push(warning);
    }

    fn at(&self, byte: usize, problem: &str, remedy: &str) -> Mistake {
        let (line, column) = self.position(byte);
        Mistake {
            line,
            column,
            problem: problem.to_owned(),
            remedy: remedy.to_owned(),
        }
    }

    /// The line of a place.
    pub(super) fn line(&self, at: usize) -> Line {
        Line(self.position(at).0)
    }

    /// Whether a mistake was found on the line of a place: what follows from it need not be told again.
    pub(super) fn has_on_line(&self, at: usize) -> bool {
        let line = self.position(at).0;
        self.found.iter().any(|mistake| mistake.line == line)
    }

    /// Whether nothing was found yet; warnings do not count.
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The mistakes and the warnings, each in the order of the file and none twice.
    pub(super) fn into_lists(self) -> (Vec<Mistake>, Vec<Mistake>) {
        (in_order(self.found), in_order(self.warnings))
    }

    fn position(&self, byte: usize) -> (u32, u32) {
        let line = self.lines.partition_point(|start| *start <= byte).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or_default();
        let before = self.text.get(start..byte).unwrap_or_default();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        (count(line), count(before.chars().count() + 1))
    }
}

fn in_order(mut list: Vec<Mistake>) -> Vec<Mistake> {
    list.sort_by_key(|mistake| (mistake.line, mistake.column));
    list.dedup();
    list
}
