//! The tunnel's own objects: a command with a message inside it that is judged on its own, the batch around
//! it, and what can be told of a message that was refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use portcullis_policy::gate::{Caps, Fault, GateError, Kind, Node, elements, object, salvage};

fn command(text: &[u8]) -> Result<Node<'_>, GateError> {
    object(
        text,
        &Caps::REQUEST,
        &["request_id", "jsonrpc"],
        Some("jsonrpc"),
    )
}

#[test]
fn the_opaque_member_is_left_for_later() {
    let inner: [&[u8]; 6] = [
        br#"{"method":"a","method":"b"}"#,
        br#"{"a":"\ud800 \q"}"#,
        b"{\"a\":\"\xff\x01\"}",
        b"[1,,}",
        b"1e999",
        b"{\"a\":\"]}\\\"]}\"}",
    ];
    for inner in inner {
        let text = [b"{\"request_id\":\"r\",\"jsonrpc\":", inner, b",\"z\":1}"].concat();
        let judged = command(&text).unwrap();
        let opaque = judged.get("jsonrpc").unwrap();
        assert_eq!(opaque.raw(), inner, "its bytes come out as they came");
        assert_eq!(
            (opaque.text(), opaque.integer()),
            (None, None),
            "and nothing is read from them"
        );
        assert_eq!(opaque.members().count() + opaque.elements().count(), 0);
        assert_eq!(
            judged.get("z").unwrap().integer(),
            Some(1),
            "what follows is read"
        );
    }
}

#[test]
fn everything_around_it_keeps_every_rule() {
    let rows: [(&[u8], Fault); 11] = [
        (br#"{"jsonrpc":{},"jsonrpc":{}}"#, Fault::DuplicateKey),
        (br#"{"jsonrpc":{},"json\u0072pc":{}}"#, Fault::DuplicateKey),
        (br#"{"jsonrpc":{},"a":{"b":1,"b":2}}"#, Fault::DuplicateKey),
        (b"{\"jsonrpc\":{},\"a\":\"\xff\"}", Fault::Utf8),
        (b"{\"a\":\"\xff\",\"jsonrpc\":{}}", Fault::Utf8),
        (b"{\"\xff\":1}", Fault::Utf8),
        (br#"{"jsonrpc":{"a":"}"#, Fault::Truncated),
        (br#"{"jsonrpc":}"#, Fault::Syntax),
        (br#"{"jsonrpc":{}} x"#, Fault::Trailing),
        (b"\xef\xbb\xbf{}", Fault::ByteOrderMark),
        (b"[]", Fault::NotObject),
    ];
    for (text, expected) in rows {
        let shown = String::from_utf8_lossy(text);
        assert_eq!(command(text).unwrap_err().fault, expected, "{shown}");
    }
}

#[test]
fn a_member_named_like_the_opaque_one_deeper_down_is_judged() {
    let text = br#"{"a":{"jsonrpc":{"x":1,"x":2}}}"#;
    assert_eq!(command(text).unwrap_err().fault, Fault::DuplicateKey);
}

fn spans(text: &str) -> Result<Vec<&str>, Fault> {
    let found = elements(text.as_bytes(), "commands", 3).map_err(|error| error.fault)?;
    Ok(found.into_iter().map(|span| &text[span.range()]).collect())
}

#[test]
fn the_elements_of_a_batch_are_found_unjudged() {
    let rows: [(&str, &[&str]); 9] = [
        (
            r#"{"commands":[{"a":1},[2],"]}"]}"#,
            &[r#"{"a":1}"#, "[2]", r#""]}""#],
        ),
        (
            r#" {"x":{"commands":[1]},"commands": [ 2 , 3 ] } "#,
            &["2", "3"],
        ),
        (r#"{"c\u006fmmands":[1]}"#, &["1"]),
        (
            r#"{"commands":[{"a":1,"a":"\ud800"},nonsense,{]]}"#,
            &[r#"{"a":1,"a":"\ud800"}"#, "nonsense", "{]"],
        ),
        (r#"{"commands":["\"]","\\"]}"#, &[r#""\"]""#, r#""\\""#]),
        (r#"{"Commands":[1],"b":[2]}"#, &[]),
        (r#"{"commands":null}"#, &[]),
        (r#"{"commands":[ ]}"#, &[]),
        ("{}", &[]),
    ];
    for (text, expected) in rows {
        assert_eq!(spans(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn a_batch_whose_structure_is_broken_is_lost() {
    let rows = [
        (r#"{"commands":[1],"commands":[2]}"#, Fault::DuplicateKey),
        (
            r#"{"commands":[1],"\u0063ommands":[2]}"#,
            Fault::DuplicateKey,
        ),
        (r#"{"commands":null,"commands":[2]}"#, Fault::DuplicateKey),
        (r#"{"commands":{}}"#, Fault::NotArray),
        (r#"{"commands":"[1]"}"#, Fault::NotArray),
        (r#"{"commands":[1,2,3,4]}"#, Fault::Elements),
        (r#"{"commands":[1,]}"#, Fault::Syntax),
        (r#"{"commands":[1 2]}"#, Fault::Syntax),
        (r#"{"commands":[1],}"#, Fault::Syntax),
        (r#"{"commands" [1]}"#, Fault::Syntax),
        (r#"{"commands":[1}]}"#, Fault::Syntax),
        (r#"{"commands":[1]"#, Fault::Truncated),
        (r#"{"commands":["1]}"#, Fault::Truncated),
        (r#"{"commands":[1]}{}"#, Fault::Trailing),
        (r#"[{"commands":[1]}]"#, Fault::NotObject),
        ("", Fault::NotObject),
        ("\u{feff}{}", Fault::ByteOrderMark),
    ];
    for (text, expected) in rows {
        assert_eq!(spans(text), Err(expected), "{text}");
    }
}

#[test]
fn a_deep_element_costs_no_stack_and_spoils_no_neighbour() {
    let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let text = format!("{{\"commands\":[{deep},1]}}");
    assert_eq!(spans(&text), Ok(vec![deep.as_str(), "1"]), "A16");
}

#[test]
fn a_refused_message_gives_its_id_only_when_it_is_certain() {
    let rows: [(&str, Option<&str>); 13] = [
        (r#"{"id":7,"a":1,"a":2}"#, Some("7")),
        (r#"{"a":"\ud800","id":"x"}"#, Some(r#""x""#)),
        (r#"{"i\u0064":7}"#, Some("7")),
        (r#"{"id":null}"#, Some("null")),
        (r#"{"a":{"id":8},"id":7}"#, Some("7")),
        (r#"{"id":7,"ID":8}"#, Some("7")),
        (r#"{"id":7,"id":7}"#, None),
        (r#"{"id":7,"\u0069d":8}"#, None),
        (r#"{"a":{"id":8}}"#, None),
        (r#"{"id":7"#, None),
        (r#"{"id":7} {"id":8}"#, None),
        (r#"[{"id":7}]"#, None),
        ("", None),
    ];
    for (text, expected) in rows {
        let found = salvage(text.as_bytes(), "id");
        assert_eq!(found, expected.map(str::as_bytes), "{text}");
    }
}

#[test]
fn a_node_reads_values_and_nothing_by_guess() {
    let text =
        br#"{"n":[0,-1,9223372036854775807,9223372036854775808,-0,1.0,1e0,"1",null,true,false]}"#;
    let list = object(text, &Caps::REQUEST, &[], None)
        .unwrap()
        .get("n")
        .unwrap();
    let integers: Vec<_> = list.elements().map(|node| node.integer()).collect();
    let expected = [
        Some(0),
        Some(-1),
        Some(i64::MAX),
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
    ];
    assert_eq!(integers, expected);
    let last: Vec<_> = list
        .elements()
        .skip(7)
        .map(|node| (node.kind(), node.boolean()))
        .collect();
    let expected = [
        (Kind::String, None),
        (Kind::Null, None),
        (Kind::Bool, Some(true)),
        (Kind::Bool, Some(false)),
    ];
    assert_eq!(last, expected);
    assert_eq!((list.members().count(), list.get("n").is_none()), (0, true));
}
