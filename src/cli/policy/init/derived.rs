//! Rules for arguments, derived from the JSON Schema a server states for them.
//!
//! What the schema says is kept where the policy has words for it; text, arrays and objects without a bound get one. What the policy cannot say
//! is left out and told: then the argument is refused until somebody decides.

use portcullis_policy::gate::{Kind, Node};

use super::words::{key, quoted};

/// For text without a bound, in bytes.
const MOST_BYTES: i64 = 4096;
/// For arrays without one.
const MOST_ITEMS: i64 = 100;
/// UTF-8 spends at most so many bytes on a character, which JSON Schema counts.
const BYTES_PER_CHARACTER: i64 = 4;
/// How deep a rule may nest.
const DEPTH: usize = 4;
/// Formats that have the same name and meaning here.
const FORMATS: [&str; 5] = ["date", "uuid", "ipv4", "ipv6", "hostname"];

/// One rule for each argument, as `args.NAME = { … }`; and the names of those that have none.
pub(super) fn arguments(tool: Node<'_>) -> (Vec<String>, Vec<String>) {
    let (mut rules, mut left_out) = (Vec::new(), Vec::new());
    let Some(schema) = tool.get("inputSchema") else {
        return (rules, left_out);
    };
    for (name, stated) in members(schema) {
        match rule(stated, is_required(schema, &name), DEPTH) {
            Some(rule) => rules.push(format!("args.{} = {rule}", key(&name))),
            None => left_out.push(name),
        }
    }
    (rules, left_out)
}

fn members(schema: Node<'_>) -> Vec<(String, Node<'_>)> {
    let properties = schema.get("properties");
    let members = properties.into_iter().flat_map(|node| node.members());
    members
        .map(|(name, node)| (name.into_owned(), node))
        .collect()
}

fn is_required(schema: Node<'_>, name: &str) -> bool {
    let required = schema.get("required");
    let mut names = required.into_iter().flat_map(|node| node.elements());
    names.any(|node| node.text().is_some_and(|text| text == name))
}

/// A rule in braces.
fn rule(schema: Node<'_>, required: bool, depth: usize) -> Option<String> {
    let kind = kind(schema)?;
    let mut parts = vec![format!("type = \"{kind}\"")];
    if required {
        parts.push("required = true".to_owned());
    }
    match kind {
        "string" => text(schema, &mut parts),
        "integer" => integer(schema, &mut parts),
        "number" => number(schema, &mut parts),
        "array" => array(schema, depth, &mut parts)?,
        "object" => object(schema, depth, &mut parts)?,
        _ => {}
    }
    Some(format!("{{ {} }}", parts.join(", ")))
}

/// The one type a value may have besides `null`.
fn kind(schema: Node<'_>) -> Option<&'static str> {
    const KINDS: [&str; 7] = [
        "string", "integer", "number", "boolean", "array", "object", "null",
    ];
    let known = |node: Node<'_>| {
        let text = node.text()?;
        KINDS.into_iter().find(|kind| *kind == text)
    };
    let Some(stated) = schema.get("type") else {
        let listed = listed(schema)?;
        return match listed.first()?.kind() {
            Kind::String => Some("string"),
            Kind::Number => Some("integer"),
            Kind::Object | Kind::Array | Kind::Bool | Kind::Null => None,
        };
    };
    if stated.kind() != Kind::Array {
        return known(stated);
    }
    let mut kinds = stated
        .elements()
        .filter_map(known)
        .filter(|kind| *kind != "null");
    match (kinds.next(), kinds.next()) {
        (Some(only), None) => Some(only),
        (_, _) => None,
    }
}

/// The values of `enum`, or the one of `const`.
fn listed(schema: Node<'_>) -> Option<Vec<Node<'_>>> {
    let all = schema.get("enum").map(|node| node.elements().collect());
    all.or_else(|| schema.get("const").map(|only| vec![only]))
}

fn one_of(schema: Node<'_>, write: impl Fn(&Node<'_>) -> Option<String>) -> Option<String> {
    let values: Vec<String> = listed(schema)?.iter().filter_map(write).collect();
    (!values.is_empty()).then(|| format!("one_of = [{}]", values.join(", ")))
}

fn text(schema: Node<'_>, parts: &mut Vec<String>) {
    if let Some(values) = one_of(schema, |node| Some(quoted(&node.text()?))) {
        parts.push(values);
        return;
    }
    let format = schema.get("format").and_then(|node| node.text());
    if let Some(format) = format.filter(|format| FORMATS.contains(&format.as_ref())) {
        parts.push(format!("format = \"{format}\""));
        return;
    }
    let count = |name: &str| schema.get(name).and_then(|node| node.integer());
    let least = count("minLength").filter(|least| *least > 0);
    parts.extend(least.map(|least| format!("min_bytes = {least}")));
    let most = count("maxLength").filter(|most| *most > 0);
    let most = most.map_or(MOST_BYTES, |most| most.saturating_mul(BYTES_PER_CHARACTER));
    parts.push(format!("max_bytes = {}", most.max(least.unwrap_or(0))));
}

fn integer(schema: Node<'_>, parts: &mut Vec<String>) {
    if let Some(values) = one_of(schema, |node| Some(node.integer()?.to_string())) {
        parts.push(values);
        return;
    }
    let bound = |name: &str| schema.get(name).and_then(|node| node.integer());
    let min = bound("minimum").or_else(|| bound("exclusiveMinimum")?.checked_add(1));
    let max = bound("maximum").or_else(|| bound("exclusiveMaximum")?.checked_sub(1));
    parts.extend(min.map(|min| format!("min = {min}")));
    parts.extend(max.map(|max| format!("max = {max}")));
}

/// JSON writes numbers as TOML does.
fn number(schema: Node<'_>, parts: &mut Vec<String>) {
    for (name, key) in [("minimum", "min"), ("maximum", "max")] {
        let bound = schema.get(name).filter(|node| node.kind() == Kind::Number);
        let bound = bound.map(|node| String::from_utf8_lossy(node.raw()).into_owned());
        parts.extend(bound.map(|bound| format!("{key} = {bound}")));
    }
}

fn array(schema: Node<'_>, depth: usize, parts: &mut Vec<String>) -> Option<()> {
    let each = rule(schema.get("items")?, false, depth.checked_sub(1)?)?;
    let most = schema.get("maxItems").and_then(|node| node.integer());
    let most = most.filter(|most| *most > 0).unwrap_or(MOST_ITEMS);
    parts.push(format!("max_items = {most}, each = {each}"));
    Some(())
}

/// An object whose members are not stated could hold anything.
fn object(schema: Node<'_>, depth: usize, parts: &mut Vec<String>) -> Option<()> {
    schema.get("properties")?;
    let mut rules = Vec::new();
    for (name, stated) in members(schema) {
        let rule = rule(stated, is_required(schema, &name), depth.checked_sub(1)?)?;
        rules.push(format!("{} = {rule}", key(&name)));
    }
    parts.push(match rules.is_empty() {
        true => "fields = {}".to_owned(),
        false => format!("fields = {{ {} }}", rules.join(", ")),
    });
    Some(())
}
