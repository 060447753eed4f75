//! Bounds of numbers.

use super::mistake::Mistakes;
use super::section::{Item, Section};
use crate::matcher::Bounds;

/// The bounds of an integer.
pub(super) fn integers(section: Section<'_>, mistakes: &mut Mistakes<'_>) -> Bounds<i64> {
    let equals = section
        .get("equals")
        .and_then(|item| item.integer(mistakes))
        .map(|one| vec![one]);
    let listed = section
        .get("one_of")
        .and_then(|item| item.list(mistakes))
        .map(|list| {
            let numbers = list.iter().filter_map(|item| item.integer(mistakes));
            numbers.collect()
        });
    if let (Some(_), Some(_), Some(item)) = (&equals, &listed, section.get("one_of")) {
        mistakes.add(
            item.at,
            "`equals` says which already",
            "remove one of the two",
        );
    }
    let bounds = Bounds {
        min: section.get("min").and_then(|item| item.integer(mistakes)),
        max: section.get("max").and_then(|item| item.integer(mistakes)),
        one_of: equals.or(listed),
    };
    check(section, &bounds, mistakes);
    bounds
}

/// The bounds of a number.
pub(super) fn numbers(section: Section<'_>, mistakes: &mut Mistakes<'_>) -> Bounds<f64> {
    let bounds = Bounds {
        min: section.get("min").and_then(|item| number(item, mistakes)),
        max: section.get("max").and_then(|item| number(item, mistakes)),
        one_of: None,
    };
    check(section, &bounds, mistakes);
    bounds
}

fn number(item: Item<'_>, mistakes: &mut Mistakes<'_>) -> Option<f64> {
    let Some(float) = item.value().as_float() else {
        let whole = item.integer(mistakes)?;
        return whole.to_string().parse().ok();
    };
    let value = float
        .as_str()
        .parse::<f64>()
        .ok()
        .filter(|value| value.is_finite());
    if value.is_none() {
        mistakes.add(item.at, "this is no finite number", "write one");
    }
    value
}

/// Bounds between which nothing lies can never match.
fn check<T: PartialOrd + Copy>(
    section: Section<'_>,
    bounds: &Bounds<T>,
    mistakes: &mut Mistakes<'_>,
) {
    let (min, max) = (bounds.min, bounds.max);
    if let (Some(least), Some(most), Some(item)) = (min, max, section.get("max"))
        && least > most
    {
        mistakes.add(
            item.at,
            "no number can match: `max` is below `min`",
            "exchange the two",
        );
    }
    let is_outside =
        |value: &T| min.is_some_and(|min| *value < min) || max.is_some_and(|max| *value > max);
    if let (Some(list), Some(item)) = (
        &bounds.one_of,
        section.get("one_of").or(section.get("equals")),
    ) && list.iter().any(is_outside)
    {
        mistakes.add(
            item.at,
            "a listed number is out of bounds and can never match",
            "remove it, or the bound",
        );
    }
}
