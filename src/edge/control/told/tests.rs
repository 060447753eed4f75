#![allow(clippy::unwrap_used)]
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};

use super::*;
use crate::wire::api_error;

const KEY: &str = "sk-Test_key.4Wq/9+z";

fn secrets(values: &[&str]) -> Secrets {
    let values: Vec<HeaderValue> = values
        .iter()
        .map(|value| {
            let mut value = HeaderValue::from_str(value).unwrap();
            value.set_sensitive(true);
            value
        })
        .collect();
    Secrets::of(values.iter())
}

fn told(secrets: &Secrets, body: &str) -> String {
    secrets
        .plain(&api_error::parse(body.as_bytes()))
        .to_string()
}

#[test]
fn plain_words_are_told_and_a_code_before_them() {
    let key = secrets(&[&format!("Bearer {KEY}")]);
    let body = r#"{"error":{"code":"tunnel_use_forbidden","message":"Your API key may not use this tunnel: ask an owner (error 403)."}}"#;
    let expected =
        "tunnel_use_forbidden: Your API key may not use this tunnel: ask an owner (error 403).";
    assert_eq!(told(&key, body), expected);
    assert_eq!(told(&key, "Service Unavailable"), "Service Unavailable");
}

#[test]
fn a_key_comes_back_in_no_encoding() {
    let key = secrets(&[&format!("Bearer {KEY}")]);
    let percent: String = KEY.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let hex: String = KEY.bytes().map(|byte| format!("{byte:02X}")).collect();
    let json: String = KEY.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    let header = format!("Bearer {KEY}");
    let spellings = [
        KEY.to_owned(),
        KEY.to_uppercase(),
        KEY.chars().rev().collect(),
        STANDARD.encode(KEY),
        STANDARD_NO_PAD.encode(&header),
        URL_SAFE.encode(format!("xx{KEY}")),
        STANDARD.encode(STANDARD.encode(KEY)),
        KEY.replace('/', "%2F").replace('+', "%2b"),
        percent.replace('%', "%25"),
        percent,
        hex,
        json,
        KEY.replace('_', "&#95;"),
    ];
    for spelling in spellings {
        for body in [
            format!(
                r#"{{"error":{{"message":"no such key: '{spelling}', ask","code":"{spelling}"}}}}"#
            ),
            format!("no such key: {spelling}, ask"),
        ] {
            assert_eq!(told(&key, &body), "no such key: [redacted] ask", "{body}");
        }
    }
}

#[test]
fn a_header_that_is_short_or_a_plain_word_is_not_told_either() {
    let short = secrets(&["abc", "7", "Open sesame", "a_b", "swordfish"]);
    let said = "Value abc, with 'Abc' and 7 of 77: open, Sesame! abcd swordfishes";
    let expected =
        "Value [redacted] with [redacted] and [redacted] of 77: [redacted] abcd [redacted]";
    assert_eq!(told(&short, said), expected);
    for code in ["bad_a_b", "abc", "is_abc", "swordfish", "swordfishes"] {
        let body = format!(r#"{{"code":"{code}"}}"#);
        assert_eq!(told(&short, &body), "no details given");
    }
    assert_eq!(told(&short, r#"{"code":"abcd_a"}"#), "abcd_a");
}

#[test]
fn a_page_of_a_proxy_is_not_repeated() {
    let page = "<html><head><title>502</title></head><body>x=1</body></html>\n<a href='/x'>y</a>";
    assert_eq!(told(&secrets(&[]), page), "no details given");
}
