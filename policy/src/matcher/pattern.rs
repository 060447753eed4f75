//! Regular expressions over whole values, in linear time (PF25, B7).
//!
//! A pattern becomes a table when the policy is loaded; matching walks the table once and takes no memory. What would need a larger table is
//! refused at load. Classes whose content differs between engines are refused, so that a reviewer sees every character that may pass.

use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::{Anchored, Input, MatchKind};

/// The most bytes one pattern may be written in.
const LONGEST: usize = 512;
/// The most bytes the table of one pattern may take; building it may take twice as much.
const TABLE_BYTES: usize = 256 * 1024;

/// A compiled pattern. It matches a whole value or not at all.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    source: String,
    table: Box<dense::DFA<Vec<u32>>>,
}

/// Why a text is no pattern: what is wrong, and what to write instead.
pub(crate) type PatternFault = (&'static str, &'static str);

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What is wrong with it, and the remedy.
    pub(crate) fn compile(source: &str) -> Result<Self, PatternFault> {
        if source.len() > LONGEST {
            return Err((
                "this pattern is longer than 512 bytes",
                "use a shorter one, or `one_of`",
            ));
        }
        check_classes(source)?;
        let table = dense::Builder::new()
            .configure(
                dense::Config::new()
                    .start_kind(StartKind::Anchored)
                    .match_kind(MatchKind::All)
                    .dfa_size_limit(Some(TABLE_BYTES))
                    .determinize_size_limit(Some(2 * TABLE_BYTES)),
            )
            .thompson(thompson::Config::new().nfa_size_limit(Some(TABLE_BYTES)))
            .build(&format!(r"\A(?:{source})\z"))
            .map_err(|_| {
                (
                    "this pattern cannot be compiled, or needs too large a table",
                    "write a plain regular expression, with smaller counts",
                )
            })?;
        Ok(Self {
            source: source.to_owned(),
            table: Box::new(table),
        })
    }

    /// Whether the whole text matches. A search that fails is no match.
    pub(super) fn matches(&self, text: &str) -> bool {
        let input = Input::new(text).anchored(Anchored::Yes);
        matches!(self.table.try_search_fwd(&input), Ok(Some(end)) if end.offset() == text.len())
    }
}

/// Two patterns are the same if they are written the same.
impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

/// Refuses `\d`, `\w`, `\s`, `\b`, `\p` and their opposites, which mean more letters than one sees, and every group that sets a flag.
fn check_classes(source: &str) -> Result<(), PatternFault> {
    let mut rest = source;
    while let Some(at) = rest.find(['\\', '(']) {
        let (_, tail) = rest.split_at(at);
        if tail.starts_with('\\') {
            if tail.get(1..).is_some_and(|next| next.starts_with(is_class)) {
                let remedy = "write the characters out, as in [0-9] or [A-Za-z0-9_]";
                return Err(("what this class holds differs between engines", remedy));
            }
            rest = tail.get(2..).unwrap_or_default();
        } else {
            if tail.starts_with("(?") && !tail.starts_with("(?:") {
                return Err((
                    "groups with flags are not in the language",
                    "write `(` or `(?:`",
                ));
            }
            rest = tail.get(1..).unwrap_or_default();
        }
    }
    Ok(())
}

const fn is_class(c: char) -> bool {
    matches!(c, 'd' | 'D' | 'w' | 'W' | 's' | 'S' | 'b' | 'B' | 'p' | 'P')
}
