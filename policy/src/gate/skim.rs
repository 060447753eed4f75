//! Finding a member of the one top-level object without judging its neighbours.
//!
//! A poll body carries many commands; one that the gate refuses must not take the others with it. And a
//! message that was refused still has to be answered, under the id it came with. Both need a look at structure
//! alone. What is found here was not judged: it goes through the gate before anybody acts on it.

use super::caps::addressable;
use super::items::Items;
use super::{Fault, GateError, Span, strings, tokens};

/// The places of the elements of the array that is member `name` of the one object in `text`.
///
/// The elements are not judged. An absent or `null` member has no elements.
///
/// # Errors
///
/// If the text is not one object and nothing else, if brackets or strings stay open, if the member is there
/// twice (in whatever spelling) or is not an array, or if it has more than `max` elements.
pub fn elements(text: &[u8], name: &str, max: usize) -> Result<Vec<Span>, GateError> {
    match member(text, name)? {
        None => Ok(Vec::new()),
        Some(span) if span.of(text) == b"null" => Ok(Vec::new()),
        Some(span) if text.get(span.start()) == Some(&b'[') => array(text, span, max),
        Some(span) => Err(Fault::NotArray.at(span.start())),
    }
}

/// The text of member `name` of the one object in `text`, for addressing a refusal and nothing else.
///
/// `None` if it is absent, if it is there twice (in whatever spelling), or if the structure is too broken to
/// be sure of that. What comes back was not judged.
#[must_use]
pub fn salvage<'a>(text: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let span = member(text, name).ok()??;
    Some(span.of(text))
}

/// Walks the whole text, so that a later repetition or trailing text is seen.
fn member(text: &[u8], name: &str) -> Result<Option<Span>, GateError> {
    addressable(text)?;
    let start = tokens::object_start(text)?;
    let mut found = None;
    let mut items = Items::of_object(text, start);
    while let Some(member) = items.member()? {
        let is_wanted = spells(member.name.of(text), name);
        if is_wanted && found.replace(member.value).is_some() {
            return Err(Fault::DuplicateKey.at(member.name.start()));
        }
    }
    tokens::expect_end(text, items.end())?;
    Ok(found)
}

/// INVARIANT: 9, the count is checked before the list grows.
fn array(text: &[u8], span: Span, max: usize) -> Result<Vec<Span>, GateError> {
    let mut found = Vec::new();
    let mut items = Items::of_array(text, span.start());
    while let Some(element) = items.element()? {
        if found.len() >= max {
            return Err(Fault::Elements.at(element.start()));
        }
        found.push(element);
    }
    if items.end() != span.end() {
        return Err(Fault::Syntax.at(span.start()));
    }
    Ok(found)
}

/// Whether `raw`, as written between quotes, stands for `name`.
fn spells(raw: &[u8], name: &str) -> bool {
    if !raw.contains(&b'\\') {
        return raw == name.as_bytes();
    }
    let mut value = String::new();
    let unescaped = std::str::from_utf8(raw)
        .ok()
        .and_then(|raw| strings::unescape(raw, &mut value));
    unescaped.is_some() && value == name
}
