//! The members of an object: exactly those that are named.

use crate::gate::{Kind, Node};
use crate::refusal::Line;

use super::{ArgumentFault, Matcher};

/// What the members of one object must be. A member that is not named is refused.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Fields {
    /// Sorted by name, at most [`Fields::MOST`].
    rules: Vec<(String, Rule)>,
    required: u64,
}

/// What one member must be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rule {
    /// The line that says so.
    pub(crate) line: Line,
    /// Whether the member must be there.
    pub(crate) required: bool,
    /// What its value must be.
    pub(crate) matcher: Matcher,
}

/// The member that broke a rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mismatch<'r> {
    pub(crate) fault: ArgumentFault,
    /// The member's name as the policy writes it, and its line; nothing for a member it does not name.
    pub(crate) rule: Option<(&'r str, Line)>,
}

impl Fields {
    /// The most members one object may name: their presence is kept in one word, without memory.
    pub(crate) const MOST: usize = 64;

    /// Rules by name. `None` when they are too many.
    pub(crate) fn new(mut rules: Vec<(String, Rule)>) -> Option<Self> {
        rules.sort_by(|(one, _), (other, _)| one.cmp(other));
        let bits = rules.iter().zip(0_u32..);
        let required = bits
            .filter(|((_, rule), _)| rule.required)
            .fold(0, |bits, (_, at)| bits | bit(at));
        (rules.len() <= Self::MOST).then_some(Self { rules, required })
    }

    /// The rules and the names they are for, sorted.
    pub(crate) fn rules(&self) -> &[(String, Rule)] {
        &self.rules
    }

    /// The rule of one member.
    pub(crate) fn rule(&self, name: &str) -> Option<&Rule> {
        let at = self.find(name)?;
        self.rules.get(at).map(|(_, rule)| rule)
    }

    /// First bytes and lengths differ more often than not, so that comparing in a row is quicker here than halving.
    fn find(&self, name: &str) -> Option<usize> {
        let first = name.as_bytes().first();
        let is_it = |known: &str| known.as_bytes().first() == first && known == name;
        self.rules.iter().position(|(known, _)| is_it(known))
    }

    /// Whether an object has exactly the members that are named, each of which matches; names compare after unescaping.
    pub(crate) fn judge(&self, object: Node<'_>) -> Result<(), Mismatch<'_>> {
        if object.kind() != Kind::Object {
            return Err(Mismatch::unnamed(ArgumentFault::Type));
        }
        let mut seen = 0;
        for (name, value) in object.members() {
            let at = self
                .find(&name)
                .ok_or(Mismatch::unnamed(ArgumentFault::Unlisted))?;
            let (name, rule) = self
                .rules
                .get(at)
                .ok_or(Mismatch::unnamed(ArgumentFault::Unlisted))?;
            rule.matcher
                .judge(value)
                .map_err(|fault| Mismatch::of(fault, name, rule))?;
            seen |= u32::try_from(at).map_or(0, bit);
        }
        self.all_there(seen)
    }

    /// Nothing that must be there is missing from `seen`.
    pub(crate) fn all_there(&self, seen: u64) -> Result<(), Mismatch<'_>> {
        let missing = (self.required & !seen).trailing_zeros();
        let missing = usize::try_from(missing)
            .ok()
            .and_then(|at| self.rules.get(at));
        match missing {
            Some((name, rule)) => Err(Mismatch::of(ArgumentFault::Missing, name, rule)),
            None => Ok(()),
        }
    }
}

const fn bit(at: u32) -> u64 {
    1_u64.rotate_left(at)
}

impl<'r> Mismatch<'r> {
    /// A mismatch that no named rule decided.
    pub(crate) const fn unnamed(fault: ArgumentFault) -> Self {
        Self { fault, rule: None }
    }

    fn of(fault: ArgumentFault, name: &'r str, rule: &Rule) -> Self {
        Self {
            fault,
            rule: Some((name, rule.line)),
        }
    }
}
