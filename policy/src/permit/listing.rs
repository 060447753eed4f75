//! Listings, filtered by the decision that calls get (PF7).

use std::collections::HashMap;

use super::fitness::Unfit;
use crate::decide::{self, Definition};
use crate::document::Server;
use crate::edit::Edit;
use crate::gate::{Gated, Kind, Node, Slot, Span, folds_alike};
use crate::mcp::catalogue::{Class, Method, is_tool_name};
use crate::mcp::uri::Uri;
use crate::moment::Moment;
use crate::refusal::Reason;

/// What a listing lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Tools,
    Prompts,
    Resources,
    Templates,
}

impl List {
    /// What the answer to this method lists, if it is a listing.
    pub(super) fn of(method: &Method) -> Option<Self> {
        match method.class {
            Class::ToolListing => Some(Self::Tools),
            Class::PromptListing => Some(Self::Prompts),
            Class::ResourceListing if method.name == "resources/templates/list" => {
                Some(Self::Templates)
            }
            Class::ResourceListing => Some(Self::Resources),
            Class::Lifecycle
            | Class::Cancel
            | Class::ToolCall
            | Class::ResourceRead
            | Class::PromptGet
            | Class::Named(_)
            | Class::Unlisted => None,
        }
    }

    /// Where the items stand.
    pub(super) const fn slot(self) -> Slot {
        self.place().0
    }

    /// Where the items stand, and which member names one.
    const fn place(self) -> (Slot, &'static str) {
        match self {
            Self::Tools => (Slot::ResultTools, "name"),
            Self::Prompts => (Slot::ResultPrompts, "name"),
            Self::Resources => (Slot::ResultResources, "uri"),
            Self::Templates => (Slot::ResultResourceTemplates, "uriTemplate"),
        }
    }

    /// Whether a server's rules let an item be seen; on trial also what they only leave out, as its call would pass too.
    fn shows(self, server: &Server, name: &str, now: Moment) -> bool {
        let on_trial = server.observes(now);
        match self {
            Self::Tools => {
                let is_unruled = is_tool_name(name) && server.rule(name).is_none();
                decide::is_listed(server, name, Definition::AsPinned) || (on_trial && is_unruled)
            }
            Self::Prompts => {
                let is_unruled = is_tool_name(name) && server.prompt(name).is_none();
                decide::is_prompt_listed(server, name) || (on_trial && is_unruled)
            }
            Self::Resources => {
                let uri = Uri::parse(name).filter(|_| on_trial);
                let is_unruled = uri.is_some_and(|uri| {
                    server
                        .resources()
                        .iter()
                        .all(|rule| !rule.subtree.holds(&uri))
                });
                decide::is_resource_listed(server, name) || is_unruled
            }
            Self::Templates => decide::is_template_listed(server, name) || on_trial,
        }
    }
}

/// The edit that takes out what may not be seen, and how many items that are; nothing if all may stay.
///
/// A name that stands twice on a page is taken out both times: which of the two a call would run cannot be known (B4). A definition that is
/// unfit to be shown is taken out too (C5, C10, C12).
///
/// # Errors
/// [`Reason::ListingUnreadable`] when the listing is not a list of objects with names: what cannot be read cannot be filtered.
pub(super) fn filter(
    message: &Gated,
    list: List,
    servers: [Option<&Server>; 2],
    now: Moment,
    unfit: &Unfit,
) -> Result<Option<(Edit, usize)>, Reason> {
    let (slot, key) = list.place();
    let array = message
        .node(slot)
        .filter(|node| node.kind() == Kind::Array)
        .ok_or(Reason::ListingUnreadable)?;
    let items: Vec<(Option<String>, Node<'_>)> = array
        .elements()
        .map(|item| Ok((name_of(item, key)?, item)))
        .collect::<Result<_, Reason>>()?;
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for name in items.iter().filter_map(|(name, _)| name.as_deref()) {
        *seen.entry(name).or_default() += 1;
    }
    let may_be_seen = |name: &str| {
        let mut servers = servers.iter();
        seen.get(name) == Some(&1)
            && servers.all(|server| server.is_some_and(|server| list.shows(server, name, now)))
    };
    let kept: Vec<Span> = items
        .iter()
        .filter(|(name, _)| name.as_deref().is_some_and(may_be_seen))
        .filter(|(_, item)| !unfit.contains(&item.span().start()))
        .map(|(_, item)| item.span())
        .collect();
    let removed = items.len() - kept.len();
    Ok((removed > 0).then(|| (Edit::ListItems(array.span(), kept), removed)))
}

/// The name of one item; `None` takes it out: a second spelling of its key (A3) that another reader may prefer.
fn name_of(item: Node<'_>, named: &str) -> Result<Option<String>, Reason> {
    if item.kind() != Kind::Object {
        return Err(Reason::ListingUnreadable);
    }
    let mut name = None;
    for (key, value) in item.members() {
        if key == named {
            name = Some(value.text().ok_or(Reason::ListingUnreadable)?.into_owned());
        } else if folds_alike(&key, named) {
            return Ok(None);
        }
    }
    name.map(Some).ok_or(Reason::ListingUnreadable)
}
