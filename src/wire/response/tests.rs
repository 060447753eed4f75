#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::*;
use crate::wire::address::{RequestId, Token};
use portcullis_policy::Channel;
use proptest::prelude::*;

/// An object, in two pieces.
const OBJECT: &[&[u8]] = &[b"{", b"}"];
const NOTHING: &[&[u8]] = &[b""];

fn address(request_id: &str, channel: &str) -> ReplyAddress {
    ReplyAddress {
        request_id: RequestId::parse(request_id).unwrap(),
        shard_token: Token::parse("canary-token").unwrap(),
        channel: Channel::parse(channel).unwrap(),
        client_request_id: None,
    }
}

fn reply(kind: ReplyKind, code: u16, json: Option<&'static [&'static [u8]]>) -> Reply<'static> {
    Reply {
        kind,
        code,
        headers: &[],
        json,
    }
}

fn text(address: &ReplyAddress, reply: &Reply<'_>) -> String {
    String::from_utf8(encode(address, reply).unwrap().to_vec()).unwrap()
}

#[test]
fn cp_028_wt_036_the_worked_example_byte_for_byte() {
    let headers = [
        ("Content-Type", "application/json".to_owned()),
        ("Mcp-Session-Id", "m1".to_owned()),
    ];
    let json: [&[u8]; 3] = [
        br#"{"jsonrpc":"2.0","id":"#,
        b"7",
        br#","result":{"tools":[]}}"#,
    ];
    let reply = Reply {
        kind: ReplyKind::Response,
        code: 200,
        headers: &headers,
        json: Some(&json),
    };
    assert_eq!(
        text(&address("r1", "main"), &reply),
        r#"{"request_id":"r1","channel":"main","resp_json":{"jsonrpc":"2.0","id":7,"result":{"tools":[]}},"resp_headers":{"Content-Type":["application/json"],"Mcp-Session-Id":["m1"]},"resp_code":200,"resp_type":"jsonrpc_response"}"#
    );
}

#[test]
fn cp_046_wt_038_wt_068_replies_without_payload() {
    let ack = text(&address("r2", "main"), &reply(ReplyKind::Ack, 202, None));
    assert_eq!(
        ack,
        r#"{"request_id":"r2","channel":"main","resp_code":202,"resp_type":"notify_ack"}"#
    );
    let end = text(
        &address("r3", "main"),
        &reply(ReplyKind::Termination, 204, None),
    );
    assert_eq!(
        end,
        r#"{"request_id":"r3","channel":"main","resp_code":204,"resp_type":"session_termination_response"}"#
    );
}

#[test]
fn wt_035_empty_members_are_left_out() {
    let bare = text(
        &address("r", "main"),
        &reply(ReplyKind::Ack, 0, Some(NOTHING)),
    );
    assert_eq!(
        bare,
        r#"{"request_id":"r","channel":"main","resp_type":"notify_ack"}"#
    );
}

#[test]
fn cp_039_wt_072_the_channel_is_the_replys_own() {
    let body = text(
        &address("r", " HARPOON "),
        &reply(ReplyKind::Notify, 200, Some(OBJECT)),
    );
    assert!(body.contains(r#""channel":"harpoon""#), "{body}");
}

#[test]
fn wt_066_to_070_payload_rule() {
    for kind in [ReplyKind::Response, ReplyKind::Notify] {
        assert_eq!(
            encode(&address("r", ""), &reply(kind, 200, None)),
            Err(ReplyError::PayloadMissing(kind))
        );
        assert_eq!(
            encode(&address("r", ""), &reply(kind, 200, Some(NOTHING))),
            Err(ReplyError::PayloadMissing(kind))
        );
        assert!(encode(&address("r", ""), &reply(kind, 200, Some(OBJECT))).is_ok());
    }
    for kind in [ReplyKind::Ack, ReplyKind::Termination] {
        assert_eq!(
            encode(&address("r", ""), &reply(kind, 200, Some(OBJECT))),
            Err(ReplyError::PayloadForbidden(kind))
        );
        assert!(encode(&address("r", ""), &reply(kind, 200, None)).is_ok());
    }
}

#[test]
fn cp_047_types_on_the_wire() {
    let types = [
        (ReplyKind::Response, "jsonrpc_response"),
        (ReplyKind::Notify, "jsonrpc_notify"),
        (ReplyKind::Ack, "notify_ack"),
        (ReplyKind::Termination, "session_termination_response"),
    ];
    for (kind, name) in types {
        assert_eq!(resp_type(kind), name);
    }
}

#[test]
fn values_of_one_name_are_one_member_even_when_scattered() {
    let headers = [
        ("Www-Authenticate", "b".to_owned()),
        ("Content-Type", "t".to_owned()),
        ("Www-Authenticate", "a".to_owned()),
    ];
    let body = text(
        &address("r", ""),
        &Reply {
            headers: &headers,
            ..reply(ReplyKind::Ack, 202, None)
        },
    );
    assert!(
        body.contains(r#""resp_headers":{"Content-Type":["t"],"Www-Authenticate":["b","a"]}"#),
        "{body}"
    );
}

#[test]
fn e5_the_token_is_not_in_the_body() {
    let body = text(
        &address("r", ""),
        &reply(ReplyKind::Response, 200, Some(OBJECT)),
    );
    assert!(!body.contains("canary-token"));
}

#[test]
fn every_character_that_json_escapes_comes_back() {
    let value: String = (0..=u8::MAX)
        .map(char::from)
        .chain(['\u{2028}', '\u{10ffff}'])
        .collect();
    let headers = [("Content-Type", value.clone())];
    let reply = Reply {
        headers: &headers,
        ..reply(ReplyKind::Ack, 202, None)
    };
    let read: serde_json::Value = serde_json::from_str(&text(&address("r", ""), &reply)).unwrap();
    assert_eq!(read["resp_headers"]["Content-Type"][0], value);
}

proptest! {
    #[test]
    fn any_text_comes_back_from_a_json_reader(request_id in "[!-~]{1,256}", value in any::<String>()) {
        let headers = [("Content-Type", value.clone())];
        let body = encode(&address(&request_id, "a"), &Reply { headers: &headers, ..reply(ReplyKind::Notify, 1, Some(&[b"{\"a\":", b"1}"])) }).unwrap();
        let read: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let expected = serde_json::json!({
            "request_id": request_id, "channel": "a", "resp_json": {"a": 1}, "resp_headers": {"Content-Type": [value]}, "resp_code": 1, "resp_type": "jsonrpc_notify",
        });
        prop_assert_eq!(read, expected);
    }
}
