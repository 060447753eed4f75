//! Which items of a listing are unfit to be shown, and which tools are therefore not called in this session: a definition that cannot be
//! reviewed, or a name that stands twice, on one page or on two (B4, C5, C10, C12). What is hidden is refused (PF7).

use std::collections::{HashMap, HashSet};

use super::definition;
use super::exchange::Call;
use super::listing::List;
use crate::gate::{Gated, Node};

/// Where the unfit items of a page begin.
pub(super) type Unfit = HashSet<usize>;

/// Judges each item of a page; of tools it is remembered.
pub(super) fn judge(call: &Call, message: &Gated, list: List) -> Unfit {
    let items = message.node(list.slot());
    let items: Vec<Node<'_>> = items.iter().flat_map(|list| list.elements()).collect();
    let mut unfit: Unfit = items
        .iter()
        .filter(|item| !definition::is_sound(**item))
        .map(|item| item.span().start())
        .collect();
    if list == List::Tools {
        remember(call, &items, &mut unfit);
    }
    unfit
}

/// A tool that is unfit is refused until a page shows it as it should be; a name that an earlier page showed as something else is unfit on
/// this one.
fn remember(call: &Call, items: &[Node<'_>], unfit: &mut Unfit) {
    if call.ask.refers.cursor.is_absent() {
        call.watched.ledger.begin_listing(call.owner, call.now);
    }
    let mut named: HashMap<String, Vec<Node<'_>>> = HashMap::new();
    for item in items {
        if let Some(name) = item.get("name").and_then(|name| name.text()) {
            named.entry(name.into_owned()).or_default().push(*item);
        }
    }
    for (name, items) in named {
        if is_fit(call, &name, &items, unfit) {
            call.watched.ledger.release_unfit(call.owner, &name);
        } else {
            call.watched.ledger.note_unfit(call.owner, &name, call.now);
            unfit.extend(items.iter().map(|item| item.span().start()));
        }
    }
}

/// One item, sound, and what the earlier pages showed under its name, if they did.
fn is_fit(call: &Call, name: &str, items: &[Node<'_>], unfit: &Unfit) -> bool {
    let [item] = items else {
        return false;
    };
    let is_sound = !unfit.contains(&item.span().start());
    is_sound
        && call
            .watched
            .ledger
            .lists(call.owner, name, item.raw(), call.now)
}
