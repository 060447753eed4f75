//! `x-mcp-header` in the input schema of a tool, which asks that an argument be repeated in the header `Mcp-Param-…` (MCP 2026-07-28, Streamable
//! HTTP): a definition with one that breaks the rules is no tool (C12).

use crate::gate::{Kind, Node, folds_alike};
use crate::headers::is_lower_case_token;

const ANNOTATION: &str = "x-mcp-header";

/// Whether every annotation of a schema keeps the rules: the name of a header, no two alike but for case, on a text, an integer or a boolean,
/// and reached through `properties` alone.
pub(super) fn is_sound(schema: Node<'_>) -> bool {
    let mut names = Vec::new();
    has_none(schema) && properties(schema, &mut names)
}

/// The properties of a schema, and theirs.
fn properties(schema: Node<'_>, names: &mut Vec<String>) -> bool {
    schema.members().all(|(keyword, value)| match &*keyword {
        "properties" if value.kind() == Kind::Object => value
            .members()
            .all(|(_, property)| annotation(property, names) && properties(property, names)),
        ANNOTATION => true,
        _ => is_free(value),
    })
}

/// What stands on one property.
fn annotation(property: Node<'_>, names: &mut Vec<String>) -> bool {
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
    let is_new = !names.contains(&name);
    names.push(name);
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
