//! The parsing threats A1 to A22, each vector beside a neighbour that passes, and the caps at their edges.
//!
//! Refusing everything would be no gate: each row says what must be refused, why, and what must not be.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "shared/base.rs"]
mod base;

use base::{BASE, argument, base, fault, gate};
use portcullis_policy::gate::{Fault, Kind, Node, Slot, canonical_id};

/// A threat, what is refused, and the reason.
type Row = (&'static str, Vec<u8>, Fault);

fn row(threat: &'static str, text: impl Into<Vec<u8>>, fault: Fault) -> Row {
    (threat, text.into(), fault)
}

/// The base message with raw bytes as its one argument.
fn raw_argument(value: &[u8]) -> Vec<u8> {
    let (before, after) = BASE.split_once(r#""hi""#).unwrap();
    [before.as_bytes(), value, after.as_bytes()].concat()
}

fn names_and_text() -> Vec<Row> {
    use Fault::{ByteOrderMark, ControlCharacter, DuplicateKey, Escape, NulInKey, ReservedFold};
    use Fault::{NotObject, Surrogate, Utf8};
    let name = r#""name":"echo""#;
    vec![
        row(
            "A1",
            base(r#""method""#, r#""method":"ping","method""#),
            DuplicateKey,
        ),
        row(
            "A1",
            base(name, r#""name":"echo","name":"secret""#),
            DuplicateKey,
        ),
        row("A1", base(r#""id":1"#, r#""id":1,"id":2"#), DuplicateKey),
        row(
            "A1",
            base(r#""params""#, r#""params":{},"params""#),
            DuplicateKey,
        ),
        row(
            "A1",
            base(r#""message":"hi""#, r#""message":"a","message":"b""#),
            DuplicateKey,
        ),
        row("A1", argument(r#"[[{"a":1,"b":2,"a":3}]]"#), DuplicateKey),
        row("A1", r#"{"result":{"x":[{"":1,"":2}]}}"#, DuplicateKey),
        row(
            "A2",
            base(name, r#""name":"echo","\u006eame":"secret""#),
            DuplicateKey,
        ),
        row(
            "A2",
            base(name, r#""\u006eame":"echo","n\u0061me":"secret""#),
            DuplicateKey,
        ),
        row("A2", argument(r#"{"\ud83d\ude00":1,"😀":2}"#), DuplicateKey),
        row("A2", argument(r#"{"a\/b":1,"a/b":2}"#), DuplicateKey),
        row(
            "A3",
            base(name, r#""name":"echo","Name":"secret""#),
            ReservedFold,
        ),
        row("A3", base("method", "METHOD"), ReservedFold),
        row(
            "A3",
            base(r#""params""#, r#""param\u017f":{},"params""#),
            ReservedFold,
        ),
        row("A3", base(r#""params""#, r#""paramſ""#), ReservedFold),
        row(
            "A4",
            base(name, r#""name":"echo","name\u0000":"secret""#),
            NulInKey,
        ),
        row("A4", argument(r#"{"\u0000":1}"#), NulInKey),
        row("A4", raw_argument(b"{\"a\0\":1}"), ControlCharacter),
        row("A5", raw_argument(b"\"\xc0\xaf\""), Utf8),
        row("A5", raw_argument(b"\"\xff\""), Utf8),
        row("A5", raw_argument(b"\"\xed\xa0\x80\""), Utf8),
        row("A5", raw_argument(b"{\"\xff\xfe\":1}"), Utf8),
        row("A6", argument(r#""\ud800""#), Surrogate),
        row("A6", argument(r#""\udc00\ud800""#), Surrogate),
        row("A6", argument(r#""\ud83d\u0041""#), Surrogate),
        row("A6", argument(r#"{"\udfff":1}"#), Surrogate),
        row("A6", argument(r#""\uD83D\\uDE00""#), Surrogate),
        row("A6", argument(r#""\x41""#), Escape),
        row("A6", argument(r#""\u00g0""#), Escape),
        row(
            "A7",
            [b"\xef\xbb\xbf", BASE.as_bytes()].concat(),
            ByteOrderMark,
        ),
        row("A7", [b"\xfe\xff\0{", BASE.as_bytes()].concat(), Utf8),
        row("A7", b"{\0}\0".to_vec(), Fault::Syntax),
        row("A7", b"\0{\0}".to_vec(), NotObject),
    ]
}

fn structure_and_tokens() -> Vec<Row> {
    use Fault::{
        ControlCharacter, NotObject, NumberRange, NumberTooLong, Syntax, Trailing, Truncated,
    };
    let million = "1".repeat(1_000_000);
    vec![
        row("A8", format!("{BASE}\n{BASE}"), Trailing),
        row("A8", format!("{BASE}\0"), Trailing),
        row("A8", format!("{BASE},"), Trailing),
        row("A9", base(r#""id":1"#, r#"/**/"id":1"#), Syntax),
        row("A9", base(r#""id":1"#, "\"id\":1//\n"), Syntax),
        row("A9", base("}}}", "},}}"), Syntax),
        row("A9", base(r#""hi"}"#, r#""hi",}"#), Syntax),
        row("A9", argument("[1,]"), Syntax),
        row("A9", argument("[,1]"), Syntax),
        row("A9", argument("[1 2]"), Syntax),
        row("A9", argument("[1}"), Syntax),
        row("A9", argument("{1:2}"), Syntax),
        row("A9", argument("{'a':2}"), Syntax),
        row("A9", argument("NaN"), Syntax),
        row("A9", argument("-Infinity"), Syntax),
        row("A9", argument("0x10"), Syntax),
        row("A9", argument("01"), Syntax),
        row("A9", argument("+1"), Syntax),
        row("A9", argument(".5"), Syntax),
        row("A9", argument("5."), Syntax),
        row("A9", argument("1e"), Syntax),
        row("A9", argument("1e+"), Syntax),
        row("A9", argument("-"), Syntax),
        row("A9", argument("True"), Syntax),
        row("A9", argument("nul"), Syntax),
        row("A9", argument("\x0b1"), Syntax),
        row("A9", argument("\u{a0}1"), Syntax),
        row("A9", argument("\"a\tb\""), ControlCharacter),
        row("A9", argument("\"a\nb\""), ControlCharacter),
        row("A9", &BASE[..BASE.len() - 1], Truncated),
        row("A9", r#"{"a":tru"#, Truncated),
        row("A9", r#"{"a":"b"#, Truncated),
        row("A9", r#"{"a":"b\"#, Truncated),
        row("A9", r#"{"a":1"#, Truncated),
        row("A10", format!("[{BASE}]"), NotObject),
        row("A10", "[]", NotObject),
        row("A10", format!("[[{BASE}]]"), NotObject),
        row("A10", "", NotObject),
        row("A10", "1", NotObject),
        row("A11", r#"["2.0",1,"tools/call",["echo",{}]]"#, NotObject),
        row("A19", argument(&million), NumberTooLong),
        row("A19", argument(&"1".repeat(129)), NumberTooLong),
        row("A19", argument("1e400"), NumberRange),
        row("A19", argument("-1e309"), NumberRange),
        row("A19", argument("1.8e308"), NumberRange),
        row("A19", argument("0.1e310"), NumberRange),
        row("A19", argument("1e99999999999999999999"), NumberRange),
    ]
}

#[test]
fn every_vector_is_refused_for_its_reason() {
    for (threat, text, expected) in names_and_text().into_iter().chain(structure_and_tokens()) {
        let shown = String::from_utf8_lossy(&text[..text.len().min(160)]).into_owned();
        assert_eq!(fault(&text), Some(expected), "{threat}: {shown}");
    }
}

/// What is refused on a reading of the message, and not by the gate, must pass it.
fn neighbours() -> Vec<(&'static str, String)> {
    let name = r#""name":"echo""#;
    vec![
        ("A1", BASE.to_owned()),
        ("A1", argument(r#"[{"a":1},{"a":1},{"b":{"a":1}}]"#)),
        ("A2", base(name, r#""\u006eame":"echo""#)),
        ("A2", argument(r#"{"a":1,"\u0062":2,"\\u0062":3}"#)),
        ("A3", base(r#""message""#, r#""Name":1,"NAME":2,"message""#)),
        ("A3", base(name, r#""name":"echo","names":1"#)),
        ("A4", argument(r#""\u0000""#)),
        ("A5", argument("\"caf\u{e9} \u{10ffff}\"")),
        ("A6", argument(r#""\ud83d\ude00\uD83D\uDE00 \u0041""#)),
        ("A7", argument("\"\u{feff}\"")),
        ("A8", format!(" \t{BASE}\r\n\t ")),
        (
            "A9",
            argument(" [ 1 , -0.5e-3 , 0 , 1E+2, true , false , null , { } , [ ] ] "),
        ),
        ("A9", argument(r#""/* */ // \b\f\n\r\t\/\\\"""#)),
        ("A10", argument(&format!("[{BASE}]"))),
        ("A14", base(r#""tools/call""#, "null")),
        ("A14", base(r#""tools/call""#, r#""tools\/call""#)),
        (
            "A15",
            base(r#"{"name":"echo","arguments":{"message":"hi"}}"#, "[1]"),
        ),
        ("A19", argument(&"1".repeat(128))),
        ("A19", argument("1.7976931348623157e308")),
        ("A19", argument("0e999999999999999999")),
        ("A19", argument("1e-99999999999999999999")),
        ("A19", argument("0.00001e312")),
        (
            "A21",
            base(
                name,
                r#""name":"echo","__proto__":{"name":"secret"},"constructor":1"#,
            ),
        ),
        ("A22", base(r#""2.0""#, "2.0")),
    ]
}

#[test]
fn every_allowed_neighbour_passes_unchanged() {
    for (threat, text) in neighbours() {
        let gated = gate(&text).unwrap_or_else(|error| panic!("{threat}: {text}: {error}"));
        assert_eq!(gated.bytes(), text.as_bytes(), "{threat}");
    }
}

#[test]
fn a_gated_message_is_read_by_value_and_not_by_spelling() {
    let text = base(
        r#""name":"echo""#,
        r#""n\u0061me":"e\u0063ho","__proto__":{"name":"secret"}"#,
    );
    let gated = gate(text).unwrap();
    let read = |slot| gated.node(slot).unwrap().text().unwrap().into_owned();
    assert_eq!(read(Slot::ParamsName), "echo", "A2, A21");
    assert_eq!(read(Slot::Method), "tools/call");
    assert_eq!(gated.into_bytes().len(), BASE.len() + 40);
}

/// A13, A14, A15 and the conveniences of serde: what was written is what is reported.
#[test]
fn nothing_written_is_taken_for_absent() {
    let gated = gate(r#"{"id":null,"method":null,"params":["2.0",1],"result":null}"#).unwrap();
    let kind = |slot| gated.node(slot).map(|node| node.kind());
    assert_eq!(kind(Slot::Id), Some(Kind::Null), "A12: a null id is an id");
    assert_eq!(kind(Slot::Method), Some(Kind::Null), "A14");
    assert_eq!(kind(Slot::Params), Some(Kind::Array), "A15");
    assert_eq!(
        kind(Slot::Result),
        Some(Kind::Null),
        "A13: both shapes are seen"
    );
    assert_eq!(kind(Slot::Jsonrpc), None, "A22");
    assert_eq!(kind(Slot::Error), None);
    assert_eq!(kind(Slot::ParamsName), None, "an array has no members");
}

#[test]
fn an_extra_envelope_member_is_reported() {
    assert!(!gate(BASE).unwrap().has_unknown_member());
    assert!(
        gate(base(r#""id":1"#, r#""id":1,"x":1"#))
            .unwrap()
            .has_unknown_member(),
        "A20"
    );
    let inside = base(r#""name""#, r#""x":1,"name""#);
    assert!(
        !gate(inside).unwrap().has_unknown_member(),
        "A20: only the envelope counts"
    );
}

#[test]
fn ids_follow_their_grammar() {
    let longest = format!("\"{}\"", "a".repeat(256));
    let too_long = format!("\"{}\"", "a".repeat(257));
    let good = [
        "0",
        "1",
        "-1",
        "9007199254740991",
        "-9007199254740991",
        r#""a""#,
        r#"" ~""#,
    ];
    for id in good.into_iter().chain([longest.as_str()]) {
        assert!(canonical_id(id.as_bytes()), "A12: {id}");
    }
    let bad = [
        "",
        "-",
        "null",
        "true",
        "{}",
        "[1]",
        "1.5",
        "1.0",
        "1e0",
        "-0",
        "00",
        "01",
        "-01",
        "+1",
        " 1",
        "1 ",
        "9007199254740992",
        "-9007199254740992",
        "9007199254740993",
        "9223372036854775808",
        "99999999999999999999999999",
        r#""""#,
        r#"""#,
        r#""a\u0062""#,
        r#""a\"b""#,
        r#""\\""#,
        "\"a\nb\"",
        "\"\u{e9}\"",
        "\"\u{7f}\"",
        r#""a"b""#,
        r#"a""#,
    ];
    for id in bad.into_iter().chain([too_long.as_str()]) {
        assert!(!canonical_id(id.as_bytes()), "A12: {id}");
    }
}

/// RFC 8259, section 7.
#[test]
fn every_escape_is_read_as_what_it_stands_for() {
    let gated = gate(argument(r#""\b\f\n\r\t\/\\\"\u0041\ud83d\ude00""#)).unwrap();
    let value = gated.node(Slot::ParamsArguments).unwrap().get("message");
    let expected = "\u{8}\u{c}\n\r\t/\\\"A\u{1f600}";
    assert_eq!(value.unwrap().text().unwrap(), expected);
}

/// Short and plain, written with escapes, and long: whichever way it is kept.
#[test]
fn what_is_kept_is_read_as_it_was() {
    let long = "\u{e9}".repeat(3000);
    for value in [
        r#""hi""#,
        r#""\u0068\n""#,
        r#""\u00e9 \\""#,
        &format!("\"{long}\""),
    ] {
        let gated = gate(argument(value)).unwrap();
        let arguments = gated.node(Slot::ParamsArguments).unwrap();
        let kept = arguments.keep().unwrap();
        let text = |node: Node<'_>| node.get("message").unwrap().text().unwrap().into_owned();
        assert_eq!(text(kept.node()), text(arguments), "{value:.20}");
        assert_eq!(kept.node().raw(), arguments.raw());
        let debug = format!("{kept:?}");
        assert!(
            debug.contains(&format!("bytes: {}", arguments.raw().len())),
            "{debug}"
        );
    }
}

#[test]
fn a_fault_names_its_place_and_keeps_the_content_to_itself() {
    let error = gate(base(r#""message":"hi""#, r#""hidden":1,"hidden":2"#)).unwrap_err();
    assert_eq!(error.fault.label(), "gate.duplicate_key");
    assert_eq!(
        error.to_string(),
        "member name is repeated in its object; send it once (byte 94)"
    );
    let debug = format!("{:?}", gate(argument(r#""hidden""#)).unwrap());
    assert!(debug.contains("bytes: 104"), "{debug}");
    assert!(!debug.contains("hidden"), "{debug}");
}
