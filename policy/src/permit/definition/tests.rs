#![allow(clippy::unwrap_used)]
use bytes::Bytes;

use super::*;
use crate::gate::{Caps, message};

fn sound(members: &str) -> bool {
    let text = format!("{{\"name\":\"a\"{members}}}");
    let gated = message(Bytes::from(text), &Caps::ANSWER).unwrap();
    is_sound(gated.root())
}

fn described(text: &str) -> bool {
    sound(&format!(r#","description":"{text}""#))
}

#[test]
fn text_that_is_not_seen_is_unfit_c5() {
    for fine in [
        "plain",
        "two\\nlines\\tand a tab",
        "caf\u{e9} \u{4e2d}\u{6587}",
        "careful \u{26a0}\u{fe0f}",
        "\\u00e9",
    ] {
        assert!(described(fine), "{fine:?}");
    }
    for hidden in [
        "tag\u{e0041}",
        "\\udb40\\udc41",
        "\\u001b[2J",
        "\u{202e}txt",
        "\u{2066}x\u{2069}",
        "zero\u{200b}width",
        "\u{7f}",
        "\u{9b}1m",
        "\u{26a0}\u{fe0f}\u{fe01}",
        "\u{e0100}",
        "\u{feff}",
    ] {
        assert!(!described(hidden), "{hidden:?}");
    }
}

#[test]
fn every_text_of_a_definition_counts_c2_c5() {
    for place in [
        r#","title":"HID""#,
        r#","inputSchema":{"properties":{"x":{"enum":["HID"]}}}"#,
        r#","inputSchema":{"properties":{"HID":{}}}"#,
        r#","outputSchema":{"description":"HID"}"#,
        r#","annotations":{"title":"HID"}"#,
        r#","_meta":{"k":[["HID"]]}"#,
        r#","HID":1"#,
    ] {
        assert!(sound(&place.replace("HID", "seen")), "{place}");
        assert!(!sound(&place.replace("HID", "un\u{200b}seen")), "{place}");
    }
}

#[test]
fn icons_come_from_the_web_or_stand_there_c10() {
    let icon = |src: &str| sound(&format!(r#","icons":[{{"src":"{src}"}}]"#));
    assert!(icon("https://example.com/a.png"));
    assert!(icon("data:image/png;base64,AA=="));
    for src in [
        "file:///etc/passwd",
        "http://169.254.169.254/",
        "javascript:1",
        "HTTPS://example.com/",
        "data:text/html,x",
        "",
    ] {
        assert!(!icon(src), "{src}");
    }
    assert!(!sound(
        r#","icons":[{"src":"https://a/"},{"Src":"file:///a"}]"#
    ));
    assert!(!sound(r#","icons":[{"src":7}]"#));
}

#[test]
fn a_mirrored_argument_has_a_header_of_its_own_c12() {
    let schema = |inside: &str| sound(&format!(r#","inputSchema":{{"type":"object",{inside}}}"#));
    let property = |kind: &str, name: &str| {
        schema(&format!(
            r#""properties":{{"region":{{"type":"{kind}","x-mcp-header":"{name}"}}}}"#
        ))
    };
    for kind in ["string", "integer", "boolean"] {
        assert!(property(kind, "Region"), "{kind}");
    }
    for (kind, name) in [
        ("number", "Region"),
        ("object", "Region"),
        ("array", "Region"),
        ("string", ""),
        ("string", "Region\\r\\nX: y"),
        ("string", "Re gion"),
        ("string", "R\u{e9}gion"),
    ] {
        assert!(!property(kind, name), "{kind} {name}");
    }
    for inside in [
        r#""x-mcp-header":"Region""#,
        r#""properties":{"r":{"type":"string","x-mcp-header":7}}"#,
        r#""properties":{"r":{"x-mcp-header":"Region"}}"#,
        r#""properties":{"r":{"type":"string","X-Mcp-Header":"Region"}}"#,
        r#""properties":{"a":{"type":"string","x-mcp-header":"Region"},"b":{"type":"string","x-mcp-header":"REGION"}}"#,
        r#""properties":{"a":{"type":"array","items":{"type":"string","x-mcp-header":"Region"}}}"#,
        r#""anyOf":[{"properties":{"a":{"type":"string","x-mcp-header":"Region"}}}]"#,
    ] {
        assert!(!schema(inside), "{inside}");
    }
    assert!(
        schema(
            r#""properties":{"o":{"type":"object","properties":{"r":{"type":"string","x-mcp-header":"Region"}}}}"#
        ),
        "nested properties are reached"
    );
    assert!(
        schema(r#""properties":{"x-mcp-header":{"type":"string"}}"#),
        "an argument may be called so"
    );
}
