#![allow(clippy::unwrap_used)]
use bytes::Bytes;

use super::*;
use crate::gate::{Caps, message};

fn sent(path: &[&str], arguments: &str) -> Option<(String, String)> {
    let text = format!(r#"{{"a":{arguments}}}"#);
    let gated = message(Bytes::from(text), &Caps::REQUEST).unwrap();
    let mirror = Mirror {
        name: "region".to_owned(),
        path: path.iter().map(|name| (*name).to_owned()).collect(),
    };
    let header = mirror.header(gated.root().get("a").unwrap())?;
    Some((header.name.into_owned(), header.value.into_owned()))
}

fn value(argument: &str) -> Option<String> {
    let (name, value) = sent(&["r"], &format!(r#"{{"r":{argument}}}"#))?;
    assert_eq!(name, "mcp-param-region");
    Some(value)
}

#[test]
fn a_value_goes_as_it_is_or_as_base64() {
    for (argument, header) in [
        (r#""eu west""#, "eu west"),
        (r#""""#, ""),
        (r#""\u0061""#, "a"),
        (r#""\u00e9""#, "=?base64?w6k=?="),
        (r#"" a""#, "=?base64?IGE=?="),
        (r#""a\r\nX: y""#, "=?base64?YQ0KWDogeQ==?="),
        (r#""=?base64?YQ==?=""#, "=?base64?PT9iYXNlNjQ/WVE9PT89?="),
        (r#""\u007f""#, "=?base64?fw==?="),
        (r#""\ud83d\ude00""#, "=?base64?8J+YgA==?="),
        ("-7", "-7"),
        ("9007199254740991", "9007199254740991"),
        ("true", "true"),
        ("false", "false"),
    ] {
        assert_eq!(value(argument).as_deref(), Some(header), "{argument}");
    }
}

#[test]
fn what_has_no_one_form_is_not_repeated() {
    for argument in ["null", "{}", "[]", "1.0", "1e2", "9007199254740992"] {
        assert_eq!(value(argument), None, "{argument}");
    }
    assert_eq!(value(&format!("\"{}\"", "a".repeat(4097))), None);
    assert_eq!(
        value(&format!("\"{}\"", "a".repeat(4096))).unwrap().len(),
        4096
    );
    assert_eq!(sent(&["r"], "{}"), None);
    assert_eq!(sent(&["r", "s"], r#"{"r":1}"#), None);
    let nested = sent(&["r", "s"], r#"{"r":{"s":"x"},"s":"y"}"#);
    assert_eq!(nested.unwrap().1, "x");
}
