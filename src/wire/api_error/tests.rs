#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::*;
use proptest::prelude::*;

fn error(code: &str, message: &str, kind: &str) -> ApiError {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    ApiError {
        code: some(code),
        message: some(message),
        kind: some(kind),
    }
}

#[test]
fn cp_022_cp_063_cp_064_known_shapes() {
    let cases = [
        (
            r#"{"error":{"message":"m","type":"t","code":"c","param":null}}"#,
            error("c", "m", "t"),
        ),
        (
            r#"{"message":"m","type":"t","code":"c"}"#,
            error("c", "m", "t"),
        ),
        (
            r#"{"error":{"message":"m","code":null}}"#,
            error("", "m", ""),
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(parse(body.as_bytes()), expected, "{body}");
    }
}

#[test]
fn cp_065_cp_066_detail() {
    assert_eq!(
        parse(br#"{"detail":"not here"}"#),
        error("", "not here", "")
    );
    assert_eq!(
        parse(br#"{"detail":{"loc":["a",1]}}"#),
        error("", r#"{"loc":["a",1]}"#, "")
    );
}

#[test]
fn cp_061_nothing() {
    for body in ["", "  \r\n"] {
        assert_eq!(parse(body.as_bytes()), ApiError::default());
    }
    assert_eq!(ApiError::default().to_string(), "no details given");
}

#[test]
fn cp_062_cp_067_other_texts_are_kept_as_they_are() {
    let cases = [
        r#"{"error":"#,
        r#"["a"]"#,
        r#"{"error":"text"}"#,
        r#"{"error":{"message":7}}"#,
        r#"{"code":7}"#,
        "{}",
        r#"{"error":{}}"#,
        r#"{"detail":null}"#,
    ];
    for body in cases {
        assert_eq!(
            parse(format!(" {body}\n").as_bytes()),
            error("", body, ""),
            "{body}"
        );
    }
}

#[test]
fn cp_059_long_text_is_cut_after_1024_characters() {
    let message = parse("é".repeat(1025).as_bytes()).message.unwrap();
    assert_eq!(
        (message.chars().count(), message.ends_with("é...")),
        (1027, true)
    );
    assert_eq!(
        parse("é".repeat(1024).as_bytes()).message.unwrap(),
        "é".repeat(1024)
    );
    let code = parse(format!(r#"{{"code":"{}"}}"#, "c".repeat(129)).as_bytes())
        .code
        .unwrap();
    assert_eq!(code, "c".repeat(128) + "...");
}

#[test]
fn cp_058_only_the_first_64_kib_are_read() {
    let long = format!(
        r#"{{"code":"c","message":"{}"}}"#,
        "m".repeat(MAX_BODY_BYTES)
    );
    let read = parse(long.as_bytes());
    assert_eq!(read.code, None);
    assert!(read.message.unwrap().starts_with(r#"{"code":"c""#));
}

#[test]
fn a_log_line_cannot_be_forged() {
    let read = parse(br#"{"code":"a\nb","message":"\u001b[31m\u2028\u202e\u0085","type":"\r"}"#);
    assert_eq!(
        read,
        error(r"a\u{a}b", r"\u{1b}[31m\u{2028}\u{202e}\u{85}", r"\u{d}")
    );
    assert_eq!(parse(b"\xff\x00x").message.unwrap(), "\u{fffd}\\u{0}x");
}

#[test]
fn display_names_the_code_first() {
    assert_eq!(error("c", "m", "t").to_string(), "c: m");
    assert_eq!(error("c", "", "").to_string(), "c");
    assert_eq!(error("", "m", "").to_string(), "m");
}

#[test]
fn deep_nesting_is_kept_as_text() {
    let deep = "[".repeat(60_000);
    assert_eq!(
        parse(deep.as_bytes()).message.unwrap(),
        "[".repeat(1024) + "..."
    );
}

proptest! {
    #[test]
    fn any_bytes_give_a_printable_answer(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        crate::wire::fuzz::api_error(&body);
    }
}
