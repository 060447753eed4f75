//! Whether a changed matcher matches less or more.

use super::{Bounds, Fields, Hosts, Matcher, PathRoot, Rule, Text};
use crate::direction::Direction;

impl Matcher {
    /// Which way a change of this matcher to another goes.
    pub(crate) fn change(&self, new: &Self) -> Direction {
        match (self, new) {
            (Self::Text(old), Self::Text(new)) => old.change(new),
            (Self::Integer(old), Self::Integer(new)) => old.change(new),
            (Self::Number(old), Self::Number(new)) => old.change(new),
            (Self::Boolean(old), Self::Boolean(new)) => same(old.as_ref(), new.as_ref()),
            (Self::Null, Self::Null) => Direction::Neutral,
            (
                Self::Array {
                    most: old_most,
                    each: old,
                },
                Self::Array { most, each },
            ) => Direction::all([
                Direction::of(old_most.as_ref(), most.as_ref(), |new, old| new <= old),
                nested(old.as_deref(), each.as_deref(), Self::change),
            ]),
            (Self::Object(old), Self::Object(new)) => {
                nested(old.as_ref(), new.as_ref(), Fields::change)
            }
            (_, _) => Direction::Looser,
        }
    }
}

/// Two rules that may be absent, each with a way of its own to change.
fn nested<T>(
    old: Option<&T>,
    new: Option<&T>,
    change: impl FnOnce(&T, &T) -> Direction,
) -> Direction {
    match (old, new) {
        (None, None) => Direction::Neutral,
        (None, Some(_)) => Direction::Tighter,
        (Some(_), None) => Direction::Looser,
        (Some(old), Some(new)) => change(old, new),
    }
}

/// A rule whose values cannot be compared: any other is looser.
fn same<T: PartialEq>(old: Option<&T>, new: Option<&T>) -> Direction {
    Direction::of(old, new, |_, _| false)
}

fn subset<T: PartialEq>(new: &[T], old: &[T]) -> bool {
    new.iter().all(|one| old.contains(one))
}

impl Text {
    fn change(&self, new: &Self) -> Direction {
        let old = self;
        Direction::all([
            same(old.equals.as_ref(), new.equals.as_ref()),
            Direction::of(old.one_of.as_ref(), new.one_of.as_ref(), |new, old| {
                subset(new, old)
            }),
            Direction::of(old.prefix.as_ref(), new.prefix.as_ref(), |new, old| {
                new.starts_with(old.as_str())
            }),
            Direction::of(old.suffix.as_ref(), new.suffix.as_ref(), |new, old| {
                new.ends_with(old.as_str())
            }),
            Direction::of(
                old.min_bytes.as_ref(),
                new.min_bytes.as_ref(),
                |new, old| new >= old,
            ),
            Direction::of(
                old.max_bytes.as_ref(),
                new.max_bytes.as_ref(),
                |new, old| new <= old,
            ),
            same(old.charset.as_ref(), new.charset.as_ref()),
            same(old.format.as_ref(), new.format.as_ref()),
            Direction::of(
                old.path_under.as_ref(),
                new.path_under.as_ref(),
                PathRoot::is_within,
            ),
            Direction::of(old.host_in.as_ref(), new.host_in.as_ref(), Hosts::is_within),
            same(old.pattern.as_ref(), new.pattern.as_ref()),
        ])
    }
}

impl<T: PartialOrd + Copy> Bounds<T> {
    fn change(&self, new: &Self) -> Direction {
        Direction::all([
            Direction::of(self.min.as_ref(), new.min.as_ref(), |new, old| new >= old),
            Direction::of(self.max.as_ref(), new.max.as_ref(), |new, old| new <= old),
            Direction::of(self.one_of.as_ref(), new.one_of.as_ref(), |new, old| {
                subset(new, old)
            }),
        ])
    }
}

impl Rule {
    fn change(&self, new: &Self) -> Direction {
        let required = match (self.required, new.required) {
            (false, true) => Direction::Tighter,
            (true, false) => Direction::Looser,
            (true, true) | (false, false) => Direction::Neutral,
        };
        required.max(self.matcher.change(&new.matcher))
    }
}

impl Fields {
    /// Which way a change of these members to others goes.
    pub(crate) fn change(&self, new: &Self) -> Direction {
        Direction::all(self.changes(new).map(|(_, way)| way))
    }

    /// The way of each member that is in either; what is no longer named is refused, and so tighter.
    pub(crate) fn changes<'f>(
        &'f self,
        new: &'f Self,
    ) -> impl Iterator<Item = (&'f str, Direction)> {
        let kept = self.rules().iter().map(|(name, rule)| {
            let way = new
                .rule(name)
                .map_or(Direction::Tighter, |new| rule.change(new));
            (name.as_str(), way)
        });
        let added = new
            .rules()
            .iter()
            .filter(|(name, _)| self.rule(name).is_none());
        kept.chain(added.map(|(name, _)| (name.as_str(), Direction::Looser)))
    }
}
