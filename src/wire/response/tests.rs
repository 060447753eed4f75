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

fn address(request_id: &str, channel: &str) -> ReplyAddress {
    ReplyAddress {
        request_id: RequestId::parse(request_id).unwrap(),
        shard_token: Token::parse("canary-token").unwrap(),
        channel: Channel::parse(channel).unwrap(),
    }
}

fn reply(kind: ReplyKind, code: u16, json: Option<&[u8]>) -> Reply<'_> {
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
    let json = br#"{"jsonrpc":"2.0","id":7,"result":{"tools":[]}}"#;
    let reply = Reply {
        kind: ReplyKind::Jsonrpc,
        code: 200,
        headers: &headers,
        json: Some(json),
    };
    assert_eq!(
        text(&address("r1", "main"), &reply),
        r#"{"request_id":"r1","channel":"main","resp_json":{"jsonrpc":"2.0","id":7,"result":{"tools":[]}},"resp_headers":{"Content-Type":["application/json"],"Mcp-Session-Id":["m1"]},"resp_code":200,"resp_type":"jsonrpc_response"}"#
    );
}

#[test]
fn cp_046_wt_038_wt_068_replies_without_payload() {
    let ack = text(
        &address("r2", "main"),
        &reply(ReplyKind::NotifyAck, 202, None),
    );
    assert_eq!(
        ack,
        r#"{"request_id":"r2","channel":"main","resp_code":202,"resp_type":"notify_ack"}"#
    );
    let end = text(
        &address("r3", "main"),
        &reply(ReplyKind::SessionTermination, 204, None),
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
        &reply(ReplyKind::NotifyAck, 0, Some(b"")),
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
        &reply(ReplyKind::Notify, 200, Some(b"{}")),
    );
    assert!(body.contains(r#""channel":"harpoon""#), "{body}");
}

#[test]
fn wt_066_to_070_payload_rule() {
    for kind in [
        ReplyKind::Jsonrpc,
        ReplyKind::Notify,
        ReplyKind::OauthDiscovery,
    ] {
        assert_eq!(
            encode(&address("r", ""), &reply(kind, 200, None)),
            Err(ReplyError::PayloadMissing(kind))
        );
        assert_eq!(
            encode(&address("r", ""), &reply(kind, 200, Some(b""))),
            Err(ReplyError::PayloadMissing(kind))
        );
        assert!(encode(&address("r", ""), &reply(kind, 200, Some(b"{}"))).is_ok());
    }
    for kind in [ReplyKind::NotifyAck, ReplyKind::SessionTermination] {
        assert_eq!(
            encode(&address("r", ""), &reply(kind, 200, Some(b"{}"))),
            Err(ReplyError::PayloadForbidden(kind))
        );
        assert!(encode(&address("r", ""), &reply(kind, 200, None)).is_ok());
    }
}

#[test]
fn cp_037_cp_047_types_on_the_wire_and_what_they_end() {
    let types = [
        (ReplyKind::Jsonrpc, "jsonrpc_response", true),
        (ReplyKind::Notify, "jsonrpc_notify", false),
        (ReplyKind::NotifyAck, "notify_ack", true),
        (
            ReplyKind::SessionTermination,
            "session_termination_response",
            true,
        ),
        (ReplyKind::OauthDiscovery, "oauth_discovery_response", true),
    ];
    for (kind, name, terminal) in types {
        assert_eq!((kind.resp_type(), kind.is_terminal()), (name, terminal));
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
            ..reply(ReplyKind::NotifyAck, 202, None)
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
        &reply(ReplyKind::Jsonrpc, 200, Some(b"{}")),
    );
    assert!(!body.contains("canary-token"));
}

proptest! {
    #[test]
    fn any_text_comes_back_from_a_json_reader(request_id in "[!-~]{1,256}", value in any::<String>()) {
        let headers = [("Content-Type", value.clone())];
        let body = encode(&address(&request_id, "a"), &Reply { headers: &headers, ..reply(ReplyKind::Notify, 1, Some(b"{\"a\":1}")) }).unwrap();
        let read: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let expected = serde_json::json!({
            "request_id": request_id, "channel": "a", "resp_json": {"a": 1}, "resp_headers": {"Content-Type": [value]}, "resp_code": 1, "resp_type": "jsonrpc_notify",
        });
        prop_assert_eq!(read, expected);
    }
}
