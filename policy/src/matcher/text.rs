//! Text that keeps rules.

use super::{ArgumentFault, Charset, Format, Hosts, PathRoot, Pattern};

/// What a text must be: every rule that is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Text {
    pub(crate) equals: Option<String>,
    pub(crate) one_of: Option<Vec<String>>,
    pub(crate) prefix: Option<String>,
    pub(crate) suffix: Option<String>,
    pub(crate) min_bytes: Option<usize>,
    pub(crate) max_bytes: Option<usize>,
    pub(crate) charset: Option<Charset>,
    pub(crate) format: Option<Format>,
    pub(crate) path_under: Option<PathRoot>,
    pub(crate) host_in: Option<Hosts>,
    pub(crate) pattern: Option<Pattern>,
}

impl Text {
    /// Whether a text keeps every rule. Lengths come first, so that nothing long is read twice.
    pub(crate) fn judge(&self, text: &str) -> Result<(), ArgumentFault> {
        use ArgumentFault as Fault;
        Fault::MinBytes.unless(self.min_bytes.is_none_or(|least| text.len() >= least))?;
        Fault::MaxBytes.unless(self.max_bytes.is_none_or(|most| text.len() <= most))?;
        Fault::Equals.unless(keeps(&self.equals, |one| one == text))?;
        Fault::OneOf.unless(keeps(&self.one_of, |list| {
            list.iter().any(|one| one == text)
        }))?;
        Fault::Prefix.unless(keeps(&self.prefix, |start| text.starts_with(start)))?;
        Fault::Suffix.unless(keeps(&self.suffix, |end| text.ends_with(end)))?;
        Fault::Charset.unless(keeps(&self.charset, |set| set.holds(text)))?;
        Fault::Format.unless(keeps(&self.format, |format| format.fits(text)))?;
        Fault::PathUnder.unless(keeps(&self.path_under, |root| root.holds(text)))?;
        Fault::HostIn.unless(keeps(&self.host_in, |hosts| hosts.holds(text)))?;
        Fault::Pattern.unless(keeps(&self.pattern, |pattern| pattern.matches(text)))
    }

    /// Whether some rule says how long or which a text may be.
    pub(crate) fn is_bounded(&self) -> bool {
        self.max_bytes.is_some()
            || self.equals.is_some()
            || self.one_of.is_some()
            || self.format.is_some()
    }
}

#[inline(always)]
fn keeps<T>(rule: &Option<T>, kept: impl FnOnce(&T) -> bool) -> bool {
    rule.as_ref().is_none_or(kept)
}

/// Controls, byte order mark, zero-width, direction changes and tag characters (C5): what a reader of a text does not see.
pub(crate) const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}
