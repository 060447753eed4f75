#![allow(clippy::unwrap_used)]
use bytes::Bytes;

use super::*;
use crate::gate::{self, Caps};

/// The canonical form of a value.
fn canonical(value: &str) -> String {
    let text = Bytes::from(format!(r#"{{"x":{value}}}"#));
    let message = gate::message(text, &Caps::REQUEST).unwrap();
    let mut out = Vec::new();
    write(message.root().get("x").unwrap(), &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_pin_has_one_spelling() {
    let text = format!("sha256:{}", "0a".repeat(32));
    assert_eq!(
        Pin::parse(&text).map(|pin| pin.to_string()),
        Some(text.clone())
    );
    for bad in [
        "",
        "sha256:",
        "sha512:00",
        &text.to_uppercase(),
        &format!("{text}0"),
        &text.replace("0a", "0g"),
    ] {
        assert_eq!(Pin::parse(bad), None, "{bad}");
    }
}

/// What a server may write differently from one session to the next.
#[test]
fn order_white_space_and_escapes_do_not_change_a_pin() {
    for (value, expected) in [
        (r#"{ "b" : 1, "a" : [ 1 , 2 ] }"#, r#"{"a":[1,2],"b":1}"#),
        (
            "{\"b\":{\"d\":1,\n\"c\":2},\"a\":{}}",
            r#"{"a":{},"b":{"c":2,"d":1}}"#,
        ),
        (r#""\u0041\/\u00e9""#, "\"A/\u{e9}\""),
        (r#""\ud83d\ude00""#, "\"\u{1f600}\""),
        (
            r#""\u000a\u0000\u001F\u007f\"\\""#,
            "\"\\n\\u0000\\u001f\u{7f}\\\"\\\\\"",
        ),
        (r#"{"\u0062":1,"a":2}"#, r#"{"a":2,"b":1}"#),
    ] {
        assert_eq!(canonical(value), expected, "{value}");
    }
}

/// PF17: every value counts, and what two readers may tell apart has two pins.
#[test]
fn every_value_changes_a_pin_pf17() {
    let all = [
        r#"{"a":1}"#,
        r#"{"a":1.0}"#,
        r#"{"a":1e0}"#,
        r#"{"a":"1"}"#,
        r#"{"a":null}"#,
        r#"{"a":true}"#,
        r#"{"a":[1]}"#,
        r#"{"a":{"1":1}}"#,
        r#"{"A":1}"#,
        r#"{"a":1,"b":null}"#,
        r#"{}"#,
        r#"[]"#,
        r#"[1,2]"#,
        r#"[2,1]"#,
        r#""a""#,
        r#""a ""#,
        "\"\u{e9}\"",
        "\"e\u{301}\"",
        r#""[1,2]""#,
    ];
    let forms: std::collections::HashSet<String> = all.iter().map(|v| canonical(v)).collect();
    assert_eq!(forms.len(), all.len());
}
