//! Whether the definition of a tool, prompt or resource is fit to be shown: no text a reader cannot see, no icon that is fetched from anywhere
//! but the web, no annotation that makes a header out of nothing (C5, C10, C12).
//!
//! What is unfit is taken out of the listing whole: nothing is cleaned, for nobody could say what was meant.

mod mirrored;
#[cfg(test)]
mod tests;

use crate::gate::{Kind, Node, folds_alike};
use crate::matcher::is_invisible;
use crate::mirror::Mirror;

/// Whether a definition may be shown.
pub(super) fn is_sound(definition: Node<'_>) -> bool {
    is_visible(definition) && has_safe_icons(definition) && mirrored::read(definition).is_some()
}

/// The arguments that a tool's definition wants repeated in headers; none if it breaks the rules for that.
pub(super) fn mirrors(definition: Node<'_>) -> Vec<Mirror> {
    mirrored::read(definition).unwrap_or_default()
}

/// No name or text in it, at any depth, has a character that a reviewer does not see, or that turns the direction of what he does (C5).
fn is_visible(value: Node<'_>) -> bool {
    // Nothing unseen can be written in ASCII without an escape, but for DEL.
    let raw = value.raw();
    let needs_a_look = |b: &u8| !b.is_ascii() || matches!(b, b'\\' | 0x7f);
    if !raw.iter().any(needs_a_look) {
        return true;
    }
    match value.kind() {
        Kind::String => value.text().is_some_and(|text| is_visible_text(&text)),
        Kind::Array => value.elements().all(is_visible),
        Kind::Object => value
            .members()
            .all(|(name, value)| is_visible_text(&name) && is_visible(value)),
        Kind::Number | Kind::Bool | Kind::Null => true,
    }
}

/// A variation selector is part of many a symbol; two in a row, and the supplementary ones, hide text.
fn is_visible_text(text: &str) -> bool {
    let selects = |c: char| matches!(c, '\u{fe00}'..='\u{fe0f}');
    let mut after_selector = false;
    text.chars().all(|c| {
        let is_second = selects(c) && std::mem::replace(&mut after_selector, selects(c));
        after_selector = selects(c);
        !is_second && !is_invisible(c) && !matches!(c, '\u{e0100}'..='\u{e01ef}')
    })
}

/// Each icon is fetched over HTTPS or stands in the definition itself: never a file, never another host's scheme (C10). Nothing is fetched here.
fn has_safe_icons(definition: Node<'_>) -> bool {
    let mut icons = definition
        .members()
        .filter(|(name, _)| folds_alike(name, "icons"));
    icons.all(|(_, icons)| icons.elements().all(is_safe_icon))
}

fn is_safe_icon(icon: Node<'_>) -> bool {
    let mut sources = icon.members().filter(|(name, _)| folds_alike(name, "src"));
    sources.all(|(_, source)| {
        let source = source.text();
        source.is_some_and(|text| text.starts_with("https://") || text.starts_with("data:image/"))
    })
}
