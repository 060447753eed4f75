//! `tools/list` answers, filtered by the decision that calls get.

use std::collections::HashMap;

use crate::decide::is_listed;
use crate::document::Server;
use crate::edit::Edit;
use crate::gate::{Gated, Kind, Node, Slot, Span, folds_alike};
use crate::refusal::Reason;

/// The edit that takes out what may not be seen, and how many items that are; nothing if all may stay.
///
/// A name that stands twice on a page is taken out both times: which of the two a call would run cannot be known (B4).
///
/// # Errors
/// [`Reason::ListingUnreadable`] when the listing is not a list of objects with names: what cannot be read cannot be filtered.
pub(super) fn filter(
    message: &Gated,
    servers: [Option<&Server>; 2],
) -> Result<Option<(Edit, usize)>, Reason> {
    let list = message
        .node(Slot::ResultTools)
        .filter(|node| node.kind() == Kind::Array)
        .ok_or(Reason::ListingUnreadable)?;
    let items: Vec<(Option<String>, Span)> = list
        .elements()
        .map(|item| Ok((name_of(item)?, item.span())))
        .collect::<Result<_, Reason>>()?;
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for name in items.iter().filter_map(|(name, _)| name.as_deref()) {
        *seen.entry(name).or_default() += 1;
    }
    let may_be_seen = |name: &str| {
        seen.get(name) == Some(&1)
            && servers
                .iter()
                .all(|server| server.is_some_and(|s| is_listed(s, name)))
    };
    let kept: Vec<Span> = items
        .iter()
        .filter(|(name, _)| name.as_deref().is_some_and(may_be_seen))
        .map(|(_, span)| *span)
        .collect();
    let removed = items.len() - kept.len();
    Ok((removed > 0).then(|| (Edit::ListItems(list.span(), kept), removed)))
}

/// The name of one item; `None` takes it out: a second spelling of `name` (A3) that another reader may prefer.
fn name_of(item: Node<'_>) -> Result<Option<String>, Reason> {
    if item.kind() != Kind::Object {
        return Err(Reason::ListingUnreadable);
    }
    let mut name = None;
    for (key, value) in item.members() {
        if key == "name" {
            name = Some(value.text().ok_or(Reason::ListingUnreadable)?.into_owned());
        } else if folds_alike(&key, "name") {
            return Ok(None);
        }
    }
    name.map(Some).ok_or(Reason::ListingUnreadable)
}
