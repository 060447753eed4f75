//! A mistake in a policy file: where, what, and what to do.

use std::fmt;

use toml::Spanned;

use crate::refusal::Line;

/// One mistake in a policy file. Lines and columns count from 1; columns count characters.
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

    /// A mistake at a byte of the text.
    pub(super) fn at(text: &str, byte: usize, problem: &str, remedy: &str) -> Self {
        let (line, column) = position(text, byte);
        Self {
            line,
            column,
            problem: problem.to_owned(),
            remedy: remedy.to_owned(),
        }
    }

    /// What the TOML reader refused: syntax, a key that is not known, a value of the wrong type.
    pub(super) fn from_toml(text: &str, error: &toml::de::Error) -> Self {
        let byte = error.span().map_or(0, |span| span.start);
        let remedy = "see the comments in the default policy for the keys and their values";
        Self::at(
            text,
            byte,
            error.message().lines().next().unwrap_or("this is no TOML"),
            remedy,
        )
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

/// Collects mistakes, so that all are told at once.
pub(super) struct Mistakes<'a> {
    text: &'a str,
    found: Vec<Mistake>,
}

impl<'a> Mistakes<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            found: Vec::new(),
        }
    }

    /// Adds a mistake at a value of the file.
    pub(super) fn add<T>(&mut self, at: &Spanned<T>, problem: &str, remedy: &str) {
        self.found
            .push(Mistake::at(self.text, at.span().start, problem, remedy));
    }

    /// The line of a value.
    pub(super) fn line_of<T>(&self, at: &Spanned<T>) -> Line {
        Line(position(self.text, at.span().start).0)
    }

    /// Nothing, if nothing was added.
    pub(super) fn into_result(mut self) -> Result<(), Vec<Mistake>> {
        self.found.sort_by_key(|m| (m.line, m.column));
        if self.found.is_empty() {
            Ok(())
        } else {
            Err(self.found)
        }
    }
}

fn position(text: &str, byte: usize) -> (u32, u32) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    (
        u32::try_from(line).unwrap_or(u32::MAX),
        u32::try_from(column).unwrap_or(u32::MAX),
    )
}
