//! Listings, filtered by the decision that calls get (PF7).

use std::collections::HashMap;

use super::definition;
use super::exchange::Call;
use super::fitness::Unfit;
use super::removed::Removed;
use crate::decide::{self, Definition};
use crate::document::Server;
use crate::edit::Edit;
use crate::gate::{Gated, Kind, Node, Slot, Span, folds_alike};
use crate::ledger::{Ledger, Sight, Sights};
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
    fn shows(self, server: &Server, item: &Item<'_>, name: &str, now: Moment) -> bool {
        let on_trial = server.observes(now);
        match self {
            Self::Tools => {
                let is_unruled = is_tool_name(name) && server.rule(name).is_none();
                decide::is_listed(server, name, item.definition) || (on_trial && is_unruled)
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

/// One item of a listing.
struct Item<'a> {
    name: Option<String>,
    node: Node<'a>,
    /// Of a tool that a policy pins: what it is listed as.
    definition: Definition,
}

/// The edit that takes out what may not be seen, and which items that are; nothing if all may stay.
///
/// A name that stands twice on a page is taken out both times: which of the two a call would run cannot be known (B4). A tool whose
/// definition is not the pinned one is taken out too: it could not be called (C3). A definition that is unfit to be shown is taken out as well
/// (C5, C10, C12).
///
/// # Errors
/// [`Reason::ListingUnreadable`] when the listing is not a list of objects with names: what cannot be read cannot be filtered.
pub(super) fn filter(
    message: &Gated,
    list: List,
    servers: [Option<&Server>; 2],
    (call, unfit): (&Call, &Unfit),
) -> Result<Option<(Edit, Removed)>, Reason> {
    let (ledger, now) = (&call.watched.ledger, call.now);
    let (array, items) = read(message, list, |name, node| {
        let is_pinned =
            list == List::Tools && servers.iter().flatten().any(|s| s.pin(name).is_some());
        let pin = is_pinned.then(|| ledger.pin_of(node)).flatten();
        pin.map_or(Definition::Unseen, Definition::Seen)
    })?;
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for name in items.iter().filter_map(|item| item.name.as_deref()) {
        *seen.entry(name).or_default() += 1;
    }
    let may_be_seen = |item: &Item<'_>| {
        item.name.as_deref().is_some_and(|name| {
            let mut servers = servers.iter();
            seen.get(name) == Some(&1)
                && servers
                    .all(|server| server.is_some_and(|server| list.shows(server, item, name, now)))
        })
    };
    let (kept, removed): (Vec<&Item<'_>>, Vec<&Item<'_>>) = items
        .iter()
        .partition(|item| may_be_seen(item) && !unfit.contains(&item.node.span().start()));
    let kept = kept.iter().map(|item| item.node.span()).collect();
    let names = removed.iter().map(|item| item.name.as_deref());
    let named = Removed::of(names, matches!(list, List::Resources | List::Templates));
    Ok((!removed.is_empty()).then(|| (Edit::ListItems(array, kept), named)))
}

/// What one page shows of the tools this server pins.
///
/// # Errors
/// As [`filter`], and when an item may be read as another tool than it says: then nobody can tell what the page shows of that one (A3).
pub(super) fn sights(
    message: &Gated,
    server: &Server,
    ledger: &Ledger,
    sights: &mut Sights,
) -> Result<(), Reason> {
    let (_, items) = read(message, List::Tools, |name, node| {
        let pin = server.pin(name).and_then(|_| ledger.pin_of(node));
        pin.map_or(Definition::Unseen, Definition::Seen)
    })?;
    for item in items {
        let name = item.name.ok_or(Reason::ListingUnreadable)?;
        if server.pin(&name).is_none() {
            continue;
        }
        let sight = match item.definition {
            Definition::Seen(pin) if !sights.contains_key(&name) => Some(Sight {
                pin,
                mirrors: definition::mirrors(item.node).into(),
            }),
            Definition::Seen(_) | Definition::Unseen | Definition::AsPinned => None,
        };
        sights.insert(name, sight);
    }
    Ok(())
}

/// Where the items of a listing stand, and each of them; `look` tells what is known of one by its name.
fn read<'m>(
    message: &'m Gated,
    list: List,
    look: impl Fn(&str, Node<'_>) -> Definition,
) -> Result<(Span, Vec<Item<'m>>), Reason> {
    let (slot, key) = list.place();
    let array = message
        .node(slot)
        .filter(|node| node.kind() == Kind::Array)
        .ok_or(Reason::ListingUnreadable)?;
    let item = |node: Node<'m>| {
        let name = name_of(node, key)?;
        let definition = name
            .as_deref()
            .map_or(Definition::Unseen, |name| look(name, node));
        Ok(Item {
            name,
            node,
            definition,
        })
    };
    let items: Result<Vec<Item<'m>>, Reason> = array.elements().map(item).collect();
    Ok((array.span(), items?))
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
