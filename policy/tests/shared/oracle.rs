//! What the gate says of a text, held against serde_json. Shared by the fuzz target and the tests on stable.
//!
//! [`agree`] panics when the two differ in a way that is not the gate's purpose. Whatever the gate takes,
//! serde_json must take and read alike. What it refuses as broken, serde_json must refuse; what it refuses
//! for being repeated, a reader that looks for repetitions must find.

use std::collections::HashSet;
use std::fmt;

use bytes::Bytes;
use portcullis_policy::gate::{
    Caps, Fault, GateError, Gated, Kind, Node, Slot, canonical_id, elements, message, object,
    salvage,
};
use serde_json::Value;

/// Holds every entry of the gate against serde_json on one text.
pub(crate) fn agree(text: &[u8]) {
    match message(Bytes::copy_from_slice(text), &Caps::REQUEST) {
        Ok(gated) => taken(text, &gated),
        Err(error) => refused(text, error),
    }
    tight_caps_only_refuse_more(text);
    spans_are_ordered(text);
    canonical_ids_come_back(text);
}

fn taken(text: &[u8], gated: &Gated) {
    assert_eq!(gated.bytes(), text, "the bytes are the ones that came");
    if has_number_at_the_bound(gated.root()) {
        return;
    }
    let value: Value = serde_json::from_slice(text).expect("serde_json takes what the gate takes");
    assert!(has_unique_names(text), "no repeated name passes");
    same(gated.root(), &value);
    slots_agree(gated, &value);
    let id = gated.node(Slot::Id).map(|node| node.raw());
    assert_eq!(salvage(text, "id"), id, "salvage finds the id");
    object_agrees(text, gated);
    elements_agree(text, gated.root());
}

/// The gate asks whether the exact value rounds to a finite float. serde_json rounds twice on the way, and so
/// takes the largest floats for infinite.
fn has_number_at_the_bound(node: Node<'_>) -> bool {
    match node.kind() {
        Kind::Number => float(node).abs() > 1.797e308,
        Kind::Object => node
            .members()
            .any(|(_, value)| has_number_at_the_bound(value)),
        Kind::Array => node.elements().any(has_number_at_the_bound),
        Kind::String | Kind::Bool | Kind::Null => false,
    }
}

fn float(node: Node<'_>) -> f64 {
    std::str::from_utf8(node.raw()).unwrap().parse().unwrap()
}

fn refused(text: &[u8], error: GateError) {
    assert!(error.offset <= text.len(), "the offset is inside: {error}");
    match error.fault {
        Fault::Syntax
        | Fault::Truncated
        | Fault::Trailing
        | Fault::Utf8
        | Fault::ByteOrderMark
        | Fault::ControlCharacter
        | Fault::Escape
        | Fault::Surrogate
        | Fault::NumberRange => assert!(parse(text).is_none(), "serde_json takes it: {error}"),
        Fault::NotObject => assert!(!parse(text).is_some_and(|value| value.is_object())),
        Fault::DuplicateKey | Fault::NulInKey => assert!(!has_unique_names(text), "{error}"),
        Fault::ReservedFold
        | Fault::NumberTooLong
        | Fault::StringTooLong
        | Fault::KeyTooLong
        | Fault::TooLarge
        | Fault::Depth
        | Fault::Nodes
        | Fault::Members => {}
        Fault::NotArray | Fault::Elements => panic!("not a fault of a message: {error}"),
    }
}

fn parse(text: &[u8]) -> Option<Value> {
    serde_json::from_slice(text).ok()
}

/// One walk of both trees; the gate's depth cap bounds the recursion.
fn same(node: Node<'_>, value: &Value) {
    match value {
        Value::Null => assert_eq!(node.kind(), Kind::Null),
        Value::Bool(expected) => assert_eq!(node.boolean(), Some(*expected)),
        Value::Number(number) => same_number(node, number),
        Value::String(expected) => assert_eq!(node.text().as_deref(), Some(expected.as_str())),
        Value::Array(expected) => {
            assert_eq!(node.kind(), Kind::Array);
            assert_eq!(node.elements().count(), expected.len());
            node.elements()
                .zip(expected)
                .for_each(|(node, value)| same(node, value));
        }
        Value::Object(expected) => {
            assert_eq!(node.kind(), Kind::Object);
            assert_eq!(node.members().count(), expected.len());
            node.members()
                .for_each(|(key, node)| same(node, &expected[key.as_ref()]));
        }
    }
}

/// serde_json rounds floats within a few units of the last place, so they are compared loosely.
fn same_number(node: Node<'_>, number: &serde_json::Number) {
    assert_eq!(node.kind(), Kind::Number);
    if let Some(integer) = node.integer() {
        return assert_eq!(number.as_i64(), Some(integer));
    }
    let written = float(node);
    let read = number.as_f64().unwrap();
    assert!(
        (written - read).abs() <= written.abs() * 1e-12,
        "{written} is not {read}"
    );
}

fn slots_agree(gated: &Gated, value: &Value) {
    for slot in Slot::ALL {
        let expected = at_path(value, slot.path());
        let found = gated.node(*slot);
        assert_eq!(found.is_some(), expected.is_some(), "{}", slot.path());
        found
            .into_iter()
            .zip(expected)
            .for_each(|(node, value)| same(node, value));
    }
    let known = ["jsonrpc", "id", "method", "params", "result", "error"];
    let has_unknown = value
        .as_object()
        .unwrap()
        .keys()
        .any(|key| !known.contains(&key.as_str()));
    assert_eq!(gated.has_unknown_member(), has_unknown);
}

/// The value at a slot's path. Only the objects on the way are split off: a name may hold dots itself.
fn at_path<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    for opening in ["params", "result", "error", "_meta", "ref"] {
        if let Some(rest) = path
            .strip_prefix(opening)
            .and_then(|rest| rest.strip_prefix('.'))
        {
            return at_path(value.as_object()?.get(opening)?, rest);
        }
    }
    value.as_object()?.get(path)
}

/// A message that passes is an object of the tunnel's grammar, whether or not its `params` is opened.
fn object_agrees(text: &[u8], gated: &Gated) {
    let opened = object(text, &Caps::REQUEST, &["method"], None).expect("passes as an object");
    let skipped = object(text, &Caps::REQUEST, &["method"], Some("params")).expect("passes too");
    assert_eq!(opened.raw(), gated.root().raw());
    let params = skipped.get("params");
    assert_eq!(
        params.map(|node| node.raw()),
        gated.node(Slot::Params).map(|node| node.raw())
    );
    let Some(params) = params else { return };
    assert_eq!(
        params.members().count() + params.elements().count(),
        0,
        "it stays closed"
    );
    assert_eq!(
        (params.text(), params.integer(), params.boolean()),
        (None, None, None)
    );
}

/// The skim finds what the reader finds, for each member of the message.
fn elements_agree(text: &[u8], root: Node<'_>) {
    for (name, member) in root.members() {
        let skimmed = elements(text, &name, usize::MAX);
        match member.kind() {
            Kind::Array => {
                let read: Vec<_> = member.elements().map(|node| node.span()).collect();
                assert_eq!(skimmed, Ok(read));
            }
            Kind::Null => assert_eq!(skimmed, Ok(Vec::new())),
            Kind::Object | Kind::String | Kind::Number | Kind::Bool => {
                assert_eq!(skimmed.unwrap_err().fault, Fault::NotArray);
            }
        }
        assert_eq!(salvage(text, &name), Some(member.raw()));
    }
}

fn tight_caps_only_refuse_more(text: &[u8]) {
    let tight = Caps {
        bytes: 512,
        depth: 4,
        nodes: 16,
        members: 5,
        key_bytes: 12,
        string_bytes: 16,
        number_bytes: 6,
    };
    if message(Bytes::copy_from_slice(text), &tight).is_ok() {
        assert!(message(Bytes::copy_from_slice(text), &Caps::ANSWER).is_ok());
    }
}

fn spans_are_ordered(text: &[u8]) {
    let spans = elements(text, "commands", 64).unwrap_or_default();
    assert!(
        spans
            .iter()
            .all(|span| span.start() < span.end() && span.end() <= text.len())
    );
    assert!(spans.windows(2).all(|pair| pair[0].end() < pair[1].start()));
}

fn canonical_ids_come_back(text: &[u8]) {
    if canonical_id(text) {
        let value = parse(text).expect("an id is JSON");
        assert_eq!(
            value.to_string().as_bytes(),
            text,
            "an id is written back as it came"
        );
    }
}

/// Whether serde_json takes the text and no object in it repeats a name or has U+0000 in one.
fn has_unique_names(text: &[u8]) -> bool {
    serde_json::from_slice::<Unique>(text).is_ok()
}

struct Unique;

impl<'de> serde::Deserialize<'de> for Unique {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> serde::de::Visitor<'de> for UniqueVisitor {
    type Value = Unique;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without repeated names")
    }

    fn visit_unit<E>(self) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut array: A) -> Result<Unique, A::Error> {
        while array.next_element::<Unique>()?.is_some() {}
        Ok(Unique)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut object: A) -> Result<Unique, A::Error> {
        let mut names = HashSet::new();
        while let Some((name, _)) = object.next_entry::<String, Unique>()? {
            if name.contains('\0') || !names.insert(name) {
                return Err(serde::de::Error::custom("repeated name, or U+0000 in one"));
            }
        }
        Ok(Unique)
    }
}
