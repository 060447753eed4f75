#![allow(clippy::unwrap_used)]
//! Each rule of the schema with a payload that keeps it and one that breaks it.

use super::*;

fn parse(body: &str) -> Result<Payload, String> {
    Payload::parse(&Bytes::copy_from_slice(body.as_bytes()))
}

#[test]
fn the_payloads_of_the_sheet_are_right() {
    let good = [
        r#"{"request_id":"r1","channel":"main","resp_json":{"id":7},"resp_headers":{"Content-Type":["application/json"],"Mcp-Session-Id":["m1"]},"resp_code":200,"resp_type":"jsonrpc_response"}"#,
        r#"{"request_id":"r2","channel":"main","resp_code":202,"resp_type":"notify_ack"}"#,
        r#"{"request_id":"r1","resp_json":{"method":"m"},"resp_code":200,"resp_type":"jsonrpc_notify"}"#,
        r#"{"request_id":"r3","channel":null,"resp_json":null,"resp_code":204,"resp_type":"session_termination_response"}"#,
        r#"{"request_id":"r4","resp_json":{},"resp_code":200}"#,
    ];
    for body in good {
        parse(body).unwrap();
    }
}

#[test]
fn the_message_is_kept_byte_for_byte() {
    let payload =
        parse(r#"{"request_id":"r","resp_json":{"id": 1.0e0 ,"\u0061":"é"},"resp_code":200}"#);
    assert_eq!(
        payload.unwrap().reply.json.unwrap(),
        r#"{"id": 1.0e0 ,"\u0061":"é"}"#
    );
}

#[test]
fn each_breach_is_named() {
    let bad = [
        ("", "no JSON object"),
        (r#"["r",200]"#, "no JSON object"),
        (
            r#"{"request_id":"r","resp_json":{},"resp_code":200}x"#,
            "trailing",
        ),
        (r#"{"resp_json":{},"resp_code":200}"#, "request_id"),
        (r#"{"request_id":"r","resp_json":{}}"#, "resp_code"),
        (
            r#"{"request_id":1,"resp_json":{},"resp_code":200}"#,
            "string",
        ),
        (
            r#"{"request_id":"r","resp_json":{},"resp_code":"200"}"#,
            "expected i64",
        ),
        (
            r#"{"request_id":"r","resp_json":{},"resp_code":200,"shard_token":"s"}"#,
            "shard_token",
        ),
        (
            r#"{"request_id":"r","request_id":"r","resp_json":{},"resp_code":200}"#,
            "duplicate",
        ),
        (
            r#"{"request_id":"r","resp_json":[],"resp_code":200}"#,
            "`resp_json`",
        ),
        (
            r#"{"request_id":"r","resp_json":{},"resp_code":99}"#,
            "HTTP status",
        ),
        (
            r#"{"request_id":"r","resp_json":{},"resp_code":200,"resp_type":"other"}"#,
            "variant",
        ),
        (
            r#"{"request_id":"r","resp_json":{},"resp_code":200,"resp_type":null}"#,
            "expected value",
        ),
        (r#"{"request_id":"r","resp_code":200}"#, "needs `resp_json`"),
        (
            r#"{"request_id":"r","resp_code":200,"resp_type":"jsonrpc_notify"}"#,
            "needs `resp_json`",
        ),
        (
            r#"{"request_id":"r","resp_json":{},"resp_code":202,"resp_type":"notify_ack"}"#,
            "has no `resp_json`",
        ),
        (
            r#"{"request_id":"r","resp_json":{},"resp_code":204,"resp_type":"session_termination_response"}"#,
            "has no `resp_json`",
        ),
        (
            r#"{"request_id":"r","resp_json":{},"resp_code":200,"resp_headers":null}"#,
            "null",
        ),
        (
            r#"{"request_id":"r","resp_json":{},"resp_code":200,"resp_headers":{"Set-Cookie":["a"]}}"#,
            "Set-Cookie",
        ),
        (
            r#"{"request_id":"r","resp_json":{},"resp_code":200,"resp_headers":{"content-type":["a"]}}"#,
            "content-type",
        ),
        (
            r#"{"request_id":"r","resp_json":{},"resp_code":200,"resp_headers":{"Content-Type":"a"}}"#,
            "sequence",
        ),
        (
            r#"{"request_id":"r","resp_json":{},"resp_code":200,"resp_headers":{"Content-Type":[""]}}"#,
            "no value",
        ),
        (
            r#"{"request_id":"r","resp_json":{},"resp_code":200,"resp_headers":{"Content-Type":["a"],"Content-Type":["b"]}}"#,
            "twice",
        ),
    ];
    for (body, part) in bad {
        let breach = parse(body).unwrap_err();
        assert!(breach.contains(part), "{body}: {breach}");
    }
}
