//! `x-mcp-header` in the input schema of a tool, which asks that an argument be repeated in the header `Mcp-Param-…` (MCP 2026-07-28, Streamable
//! HTTP): a definition with one that breaks the rules is no tool (C12).

use std::borrow::Cow;

use crate::gate::{Kind, Node, folds_alike};
use crate::headers::is_lower_case_token;
use crate::mirror::Mirror;

const ANNOTATION: &str = "x-mcp-header";

/// The names of the properties on the way to one.
type Way<'a> = Vec<Cow<'a, str>>;

/// What a definition wants repeated. Nothing unless every annotation keeps the rules: the name of a header, no two alike but for case, on a text,
/// an integer or a boolean, and reached through `properties` alone.
pub(super) fn read(definition: Node<'_>) -> Option<Vec<Mirror>> {
    let Some(schema) = definition.get("inputSchema") else {
        return Some(Vec::new());
    };
    let mut found = Vec::new();
    let is_sound = has_none(schema) && properties(schema, &mut Way::new(), &mut found);
    is_sound.then_some(found)
}

/// The properties of a schema, and theirs.
fn properties<'a>(schema: Node<'a>, way: &mut Way<'a>, found: &mut Vec<Mirror>) -> bool {
    schema.members().all(|(keyword, value)| match &*keyword {
        "properties" if value.kind() == Kind::Object => value.members().all(|(name, property)| {
            way.push(name);
            let is_sound = annotation(property, way, found) && properties(property, way, found);
            way.pop();
            is_sound
        }),
        ANNOTATION => true,
        _ => is_free(value),
    })
}

/// What stands on one property.
fn annotation(property: Node<'_>, way: &Way<'_>, found: &mut Vec<Mirror>) -> bool {
    let mut named = property.members().filter(|(key, _)| is_annotation(key));
    let Some((key, value)) = named.next() else {
        return true;
    };
    let name = value.text().map(|name| name.to_ascii_lowercase());
    let Some(name) = name.filter(|name| is_lower_case_token(name)) else {
        return false;
    };
    let kind = property.get("type").and_then(|kind| kind.text());
    let is_plain = matches!(kind.as_deref(), Some("string" | "integer" | "boolean"));
    let is_new = found.iter().all(|mirror| mirror.name != name);
    let path = way.iter().map(|name| name.to_string()).collect();
    found.push(Mirror { name, path });
    named.next().is_none() && key == ANNOTATION && is_plain && is_new
}

/// No annotation anywhere in a part of a schema that is not reached through `properties` alone.
fn is_free(value: Node<'_>) -> bool {
    match value.kind() {
        Kind::Object => has_none(value) && value.members().all(|(_, value)| is_free(value)),
        Kind::Array => value.elements().all(is_free),
        Kind::String | Kind::Number | Kind::Bool | Kind::Null => true,
    }
}

fn has_none(object: Node<'_>) -> bool {
    !object.members().any(|(key, _)| is_annotation(&key))
}

fn is_annotation(key: &str) -> bool {
    folds_alike(key, ANNOTATION)
}
