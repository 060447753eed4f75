#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::*;
use crate::wire::command::{CommandKind, Notice};

const PING: &str = r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#;

/// An element that is sound, with `members` added and any of the same name replaced.
fn element_with(members: &[(&str, &str)]) -> String {
    let sound = [
        ("request_id", r#""r1""#),
        ("shard_token", r#""s1""#),
        ("command_type", r#""jsonrpc""#),
        ("jsonrpc", PING),
    ];
    let kept = sound
        .iter()
        .filter(|(name, _)| !members.iter().any(|(other, _)| other == name));
    let members = kept.chain(members).filter(|(_, value)| !value.is_empty());
    let texts: Vec<String> = members
        .map(|(name, value)| format!(r#""{name}":{value}"#))
        .collect();
    format!("{{{}}}", texts.join(","))
}

fn body_of(elements: &[&str]) -> Bytes {
    Bytes::from(format!(r#"{{"commands":[{}]}}"#, elements.join(",")))
}

fn decoded(body: &str) -> Vec<Polled> {
    decode(&Bytes::copy_from_slice(body.as_bytes()), &Caps::REQUEST).unwrap()
}

fn one(element: &str) -> Polled {
    let mut polled = decode(&body_of(&[element]), &Caps::REQUEST).unwrap();
    assert_eq!(polled.len(), 1);
    polled.remove(0)
}

fn usable(members: &[(&str, &str)]) -> Command {
    match one(&element_with(members)) {
        Polled::Command(command) => command,
        Polled::Unusable(unusable) => panic!("{members:?}: {unusable:?}"),
    }
}

fn unusable(element: &str) -> Unusable {
    match one(element) {
        Polled::Unusable(unusable) => unusable,
        Polled::Command(command) => panic!("{element}: {command:?}"),
    }
}

fn payload(command: &Command) -> &Bytes {
    match &command.kind {
        CommandKind::Jsonrpc(payload) => payload,
        CommandKind::SessionTermination => panic!("no payload"),
    }
}

/// `label`, and whether there is an address to say so.
fn reason(members: &[(&str, &str)]) -> (&'static str, bool) {
    let unusable = unusable(&element_with(members));
    (unusable.reason.label(), unusable.address.is_some())
}

#[test]
fn cp_070_wt_061_the_worked_example() {
    let polled = decoded(
        r#"{"commands":[{"request_id":"r1","shard_token":"s1","command_type":"jsonrpc","channel":"main","created_at":"2026-01-01T00:00:00Z","response_timeout":"30s","headers":{"Mcp-Session-Id":["m1"],"X-Request-Id":["c1"]},"jsonrpc":{"jsonrpc":"2.0","id":7,"method":"tools/list"}}]}"#,
    );
    let [Polled::Command(command)] = &polled[..] else {
        panic!("{polled:?}")
    };
    assert_eq!(command.address.request_id.as_str(), "r1");
    assert_eq!(command.address.shard_token.expose(), "s1");
    assert_eq!(command.address.channel, Channel::main());
    assert_eq!(
        command.created_at,
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600))
    );
    assert_eq!(command.response_timeout, Some(Duration::from_secs(30)));
    assert_eq!(
        command.headers.iter().collect::<Vec<_>>(),
        [("mcp-session-id", "m1"), ("x-request-id", "c1")]
    );
    assert_eq!(command.notices, []);
    assert_eq!(
        payload(command),
        r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#
    );
}

#[test]
fn a_payload_keeps_nothing_but_itself_in_memory() {
    let body = body_of(&[&element_with(&[])]);
    let polled = decode(&body, &Caps::REQUEST).unwrap();
    let [Polled::Command(command)] = &polled[..] else {
        panic!("{polled:?}")
    };
    assert!(!body.as_ptr_range().contains(&payload(command).as_ptr()));
}

#[test]
fn no_commands() {
    for body in [
        r#"{"commands":[]}"#,
        r#"{"commands":null}"#,
        "{}",
        r#" {"Commands":[1]} "#,
        r#"{"meta":1}"#,
    ] {
        assert_eq!(decoded(body).len(), 0, "{body}");
    }
}

#[test]
fn e1_a_broken_envelope_gives_nothing() {
    let cases = [
        ("", "gate.not_object"),
        ("null", "gate.not_object"),
        ("[]", "gate.not_object"),
        (r#"{"commands":[]} x"#, "gate.trailing"),
        (r#"{"commands":[]}{}"#, "gate.trailing"),
        (r#"{"commands":{}}"#, "gate.not_array"),
        (r#"{"commands":[],"commands":[]}"#, "gate.duplicate_key"),
        (
            r#"{"commands":[],"comm\u0061nds":[]}"#,
            "gate.duplicate_key",
        ),
    ];
    for (body, label) in cases {
        let error = decode(&Bytes::from_static(body.as_bytes()), &Caps::REQUEST).unwrap_err();
        assert_eq!(error.0.fault.label(), label, "{body}");
        assert!(
            error.to_string().starts_with("poll body cannot be read: "),
            "{error}"
        );
    }
    for body in [
        r#"{"commands":["#,
        r#"{"commands":[{]}"#,
        r#"{"commands":["a]}"#,
    ] {
        assert!(
            decode(&Bytes::from_static(body.as_bytes()), &Caps::REQUEST).is_err(),
            "{body}"
        );
    }
}

#[test]
fn cp_017_cp_071_e1_one_bad_element_spoils_no_neighbour() {
    let sound = element_with(&[]);
    let bad = [
        r#"{"request_id":"r0","shard_token":"s0","jsonrpc":{},"jsonrpc":{}}"#.to_owned(),
        "7".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        r#"{"a":01}"#.to_owned(),
        r#"{"a":"\ud800"}"#.to_owned(),
        element_with(&[("command_type", r#""exec""#)]),
        format!("{}1{}", r#"{"a":"#.repeat(80), "}".repeat(80)),
    ];
    for bad in &bad {
        let polled = decode(&body_of(&[&sound, bad, &sound]), &Caps::REQUEST).unwrap();
        assert!(
            matches!(
                &polled[..],
                [Polled::Command(_), Polled::Unusable(_), Polled::Command(_)]
            ),
            "{bad}: {polled:?}"
        );
    }
}

#[test]
fn e1_invalid_utf8_in_one_element_stays_there() {
    let sound = element_with(&[]);
    let body = [
        br#"{"commands":[{"request_id":"r0","shard_token":"s0","x":"#.as_slice(),
        b"\"\xff\"},",
        sound.as_bytes(),
        b"]}",
    ]
    .concat();
    let polled = decode(&body.into(), &Caps::REQUEST).unwrap();
    let [Polled::Unusable(first), Polled::Command(_)] = &polled[..] else {
        panic!("{polled:?}")
    };
    assert_eq!(
        (first.reason.label(), first.address.is_some()),
        ("gate.utf8", true)
    );
}

#[test]
fn cp_006_wt_031_unknown_members_are_ignored() {
    let command = usable(&[("meta", r#"{"a":[1]}"#), ("priority", "null")]);
    assert_eq!(payload(&command), PING);
}

#[test]
fn the_payload_is_found_and_not_judged() {
    for odd in [
        r#"{"id":1,"id":2}"#,
        "[]",
        "7",
        r#""text""#,
        r#"{"result":{}}"#,
    ] {
        assert_eq!(payload(&usable(&[("jsonrpc", odd)])), odd);
    }
    assert_eq!(payload(&usable(&[("jsonrpc", " {} ")])), "{}");
}

#[test]
fn e4_an_unknown_type_is_never_reinterpreted() {
    for name in [
        r#""exec""#,
        r#""JSONRPC""#,
        r#""jsonrpc ""#,
        r#""oauth_discovery""#,
        "7",
        "{}",
        "[\"jsonrpc\"]",
        "true",
    ] {
        assert_eq!(
            reason(&[("command_type", name)]),
            ("unsupported_command_type", true),
            "{name}"
        );
    }
}

#[test]
fn a_type_that_is_not_named_is_not_guessed() {
    for absent in ["", "null", r#""""#] {
        assert_eq!(
            reason(&[("command_type", absent)]),
            ("command_type_missing", true),
            "{absent:?}"
        );
    }
}

#[test]
fn pr_001_pr_002_without_an_address_there_is_none_to_answer() {
    for bad in [
        "",
        "null",
        r#""""#,
        "7",
        r#""a b""#,
        r#""a\u000ab""#,
        r#""\u00e9""#,
        "[\"r\"]",
    ] {
        assert_eq!(
            reason(&[("request_id", bad)]),
            ("request_id_invalid", false),
            "{bad:?}"
        );
        assert_eq!(
            reason(&[("shard_token", bad)]),
            ("shard_token_invalid", false),
            "{bad:?}"
        );
    }
    assert_eq!(
        reason(&[("request_id", &format!("{:?}", "r".repeat(257)))]),
        ("request_id_invalid", false)
    );
    assert_eq!(
        reason(&[("shard_token", &format!("{:?}", "s".repeat(4097)))]),
        ("shard_token_invalid", false)
    );
}

#[test]
fn pr_009_missing_payload() {
    for absent in ["", "null"] {
        assert_eq!(
            reason(&[("jsonrpc", absent)]),
            ("jsonrpc_missing", true),
            "{absent:?}"
        );
    }
}

#[test]
fn wt_072_to_074_channels() {
    for (given, name) in [
        ("null", "main"),
        (r#""""#, "main"),
        (r#"" ""#, "main"),
        (r#"" HARPOON ""#, "harpoon"),
        (r#""main""#, "main"),
    ] {
        assert_eq!(
            usable(&[("channel", given)]).address.channel.as_str(),
            name,
            "{given}"
        );
    }
    for given in [r#""bad channel""#, r#""main!""#, "7", "{}"] {
        assert_eq!(
            reason(&[("channel", given)]),
            ("channel_invalid", true),
            "{given}"
        );
    }
}

#[test]
fn later_faults_are_answered_on_the_commands_own_channel() {
    let unusable = unusable(&element_with(&[
        ("channel", r#""Side""#),
        ("created_at", "7"),
    ]));
    assert_eq!(unusable.address.unwrap().channel.as_str(), "side");
}

#[test]
fn cp_007_created_at() {
    assert_eq!(usable(&[("created_at", "null")]).created_at, None);
    for bad in [r#""""#, r#""yesterday""#, r#""2026-01-01""#, "7", "{}"] {
        assert_eq!(
            reason(&[("created_at", bad)]),
            ("created_at_malformed", true),
            "{bad}"
        );
    }
}

#[test]
fn pr_004_to_007_e9_response_timeout() {
    for (given, expected) in [
        ("", None),
        ("null", None),
        (r#""0s""#, Some(0)),
        (r#""4500ms""#, Some(4500)),
    ] {
        let command = usable(&[("response_timeout", given)]);
        assert_eq!(
            (command.response_timeout, command.notices),
            (expected.map(Duration::from_millis), vec![]),
            "{given:?}"
        );
    }
    for bad in [
        r#""not-a-duration""#,
        "30",
        "true",
        "{}",
        "[]",
        r#""-1s""#,
        r#""1s\n""#,
        r#""9223372036854775808ns""#,
    ] {
        let command = usable(&[("response_timeout", bad)]);
        assert_eq!(
            (command.response_timeout, command.notices),
            (None, vec![Notice::ResponseTimeout]),
            "{bad}"
        );
    }
}

#[test]
fn pr_003_headers_keep_order_and_merge_spellings() {
    let command = usable(&[(
        "headers",
        r#"{"X-B":["1","2"],"x-a":[],"X-C":[""],"x-b":["3"]}"#,
    )]);
    assert_eq!(
        command.headers.iter().collect::<Vec<_>>(),
        [("x-b", "1"), ("x-b", "2"), ("x-c", ""), ("x-b", "3")]
    );
    assert_eq!(usable(&[("headers", "null")]).headers.iter().len(), 0);
}

#[test]
fn a_bad_header_is_left_out_with_a_notice() {
    let command = usable(&[(
        "headers",
        r#"{"a b":["1"],"X-Evil":["a\r\nB: c","ok"],"":["1"]}"#,
    )]);
    assert_eq!(
        command.headers.iter().collect::<Vec<_>>(),
        [("x-evil", "ok")]
    );
    let evil = Notice::HeaderValue {
        name: "x-evil".to_owned(),
    };
    assert_eq!(
        command.notices,
        [Notice::HeaderName, evil, Notice::HeaderName]
    );
    let labels: Vec<_> = command.notices.iter().map(Notice::label).collect();
    assert_eq!(
        labels,
        [
            "header_name_invalid",
            "header_value_invalid",
            "header_name_invalid"
        ]
    );
}

#[test]
fn headers_of_another_shape_make_the_command_unusable() {
    for bad in [
        "[]",
        "7",
        r#""a""#,
        r#"{"a":"b"}"#,
        r#"{"a":[1]}"#,
        r#"{"a":null}"#,
        r#"{"a":[null]}"#,
        r#"{"a":{"b":"c"}}"#,
    ] {
        assert_eq!(
            reason(&[("headers", bad)]),
            ("headers_malformed", true),
            "{bad}"
        );
    }
}

#[test]
fn the_number_of_headers_is_capped() {
    let headers = |count: usize| format!(r#"{{"a":[{}]}}"#, vec![r#""\n""#; count].join(","));
    assert_eq!(usable(&[("headers", &headers(64))]).notices.len(), 64);
    assert_eq!(
        reason(&[("headers", &headers(65))]),
        ("too_many_headers", true)
    );
}

#[test]
fn cp_073_pr_011_a_session_is_ended_by_name() {
    let end = ("command_type", r#""session_termination""#);
    let command = usable(&[
        end,
        ("jsonrpc", ""),
        ("headers", r#"{"MCP-Session-ID":["m1"]}"#),
    ]);
    assert!(matches!(command.kind, CommandKind::SessionTermination));
    for headers in [
        "",
        "{}",
        r#"{"Mcp-Session-Id":[]}"#,
        r#"{"Mcp-Session-Id":["","m1"]}"#,
        r#"{"Mcp-Session-Id":["\n"]}"#,
    ] {
        assert_eq!(
            reason(&[end, ("headers", headers)]),
            ("session_id_missing", true),
            "{headers}"
        );
    }
}

#[test]
fn e1_a3_members_that_only_resemble_a_known_one_are_refused() {
    for name in [
        "Request_id",
        "SHARD_TOKEN",
        "command_Type",
        "\u{17f}hard_token",
        "Headers",
        "JSONRPC",
        "shard_to\u{212a}en",
        "jsonrp\\u0043",
    ] {
        let unusable = unusable(&element_with(&[(name, "1")]));
        assert_eq!(
            (unusable.reason.label(), unusable.address.is_some()),
            ("gate.reserved_fold", true),
            "{name}"
        );
    }
}

#[test]
fn w_51_an_address_beyond_doubt_is_salvaged() {
    let refused = |members: &str| unusable(&format!(r#"{{{members},"x":1,"x":2}}"#)).address;
    let address = refused(r#""request_id":"r1","shard_token":"s1","channel":"Side""#).unwrap();
    assert_eq!(
        (
            address.request_id.as_str(),
            address.shard_token.expose(),
            address.channel.as_str()
        ),
        ("r1", "s1", "side")
    );
    assert_eq!(
        refused(r#""request_id":"r1","shard_token":"s1","channel":"a b""#)
            .unwrap()
            .channel,
        Channel::main()
    );
    let doubtful = [
        r#""request_id":"r1""#,
        r#""shard_token":"s1""#,
        r#""request_id":"r1","shard_token":"s1","request_id":"r1""#,
        r#""request_id":"r1","shard_token":"s1","request_\u0069d":"r2""#,
        r#""request_id":"r\u0031","shard_token":"s1""#,
        r#""request_id":7,"shard_token":"s1""#,
        r#""request_id":["r1"],"shard_token":"s1""#,
        r#""request_id":"r 1","shard_token":"s1""#,
    ];
    for members in doubtful {
        assert!(refused(members).is_none(), "{members}");
    }
}

#[test]
fn e8_the_number_of_elements_is_capped() {
    let body = |count: usize| {
        Bytes::from(format!(
            r#"{{"commands":[{}]}}"#,
            vec!["1"; count].join(",")
        ))
    };
    assert_eq!(
        decode(&body(MAX_ELEMENTS), &Caps::REQUEST).unwrap().len(),
        MAX_ELEMENTS
    );
    let error = decode(&body(MAX_ELEMENTS + 1), &Caps::REQUEST).unwrap_err();
    assert_eq!(error.0.fault.label(), "gate.elements");
}

#[test]
fn an_element_too_large_is_answered() {
    let caps = Caps {
        bytes: 10,
        ..Caps::REQUEST
    };
    let element = |len: usize| element_with(&[("x", &format!("{:?}", "x".repeat(len)))]);
    let frame = element(0).len();
    let most = FRAME_BYTES + 10 - frame;
    let polled = decode(&body_of(&[&element(most), &element(most + 1)]), &caps).unwrap();
    let [Polled::Command(_), Polled::Unusable(large)] = &polled[..] else {
        panic!("{polled:?}")
    };
    assert_eq!(
        (large.reason.label(), large.address.is_some()),
        ("gate.too_large", true)
    );
}

#[test]
fn printing_shows_no_payload_and_no_secret() {
    let command = usable(&[
        ("shard_token", r#""canary-1""#),
        ("jsonrpc", r#""canary-2""#),
        ("headers", r#"{"Authorization":["canary-3"]}"#),
    ]);
    let shown = format!("{:?}", Polled::Command(command));
    assert!(
        !shown.contains("canary") && shown.contains("authorization") && shown.contains("10 bytes"),
        "{shown}"
    );
}

#[test]
fn labels_are_distinct() {
    let reasons = [
        UnusableReason::RequestId,
        UnusableReason::ShardToken,
        UnusableReason::Channel,
        UnusableReason::CommandTypeMissing,
        UnusableReason::UnsupportedCommandType,
        UnusableReason::JsonrpcMissing,
        UnusableReason::Headers,
        UnusableReason::TooManyHeaders,
        UnusableReason::CreatedAt,
        UnusableReason::SessionIdMissing,
    ];
    let mut labels = reasons.map(UnusableReason::label).to_vec();
    labels.sort_unstable();
    labels.dedup();
    assert_eq!(labels.len(), reasons.len());
}

const PIECES: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"commands\":[",
    "\"request_id\":\"r\"",
    "\"shard_token\":\"s\"",
    "\"command_type\":\"jsonrpc\"",
    "\"command_type\":\"session_termination\"",
    "\"jsonrpc\":{}",
    "\"jsonrpc\":",
    "\"headers\":{\"mcp-session-id\":[\"m\"]}",
    "\"channel\":\"Main\"",
    "\"created_at\":\"2026-01-01T00:00:00Z\"",
    "\"response_timeout\":\"1s\"",
    "\"\\u0041\"",
    "\"",
    "\\",
    "1",
    "null",
    " ",
    "\u{17f}",
];

proptest! {
    #[test]
    fn any_bytes_are_decoded_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        crate::wire::fuzz::poll(&body);
    }

    #[test]
    fn any_mixture_of_pieces_is_decoded_or_refused(pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..40)) {
        crate::wire::fuzz::poll(format!("{{\"commands\":[{{{}}}]}}", pieces.concat()).as_bytes());
        crate::wire::fuzz::poll(pieces.concat().as_bytes());
    }
}

/// Every byte of the middle element, replaced by every value.
#[test]
fn e1_one_byte_changed_spoils_one_command_at_most() {
    let sound = element_with(&[("headers", r#"{"a":["b"]}"#)]);
    let envelope = [
        br#"{"commands":["#,
        sound.as_bytes(),
        b",",
        sound.as_bytes(),
        b",",
        sound.as_bytes(),
        b"]}",
    ]
    .concat();
    let start = br#"{"commands":["#.len() + sound.len() + 1;
    let mut survived = 0;
    for (at, byte) in
        (start..start + sound.len()).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte)))
    {
        let mut body = envelope.clone();
        body[at] = byte;
        let Ok(polled) = decode(&body.into(), &Caps::REQUEST) else {
            continue;
        };
        assert!(
            matches!(polled[..], [Polled::Command(_), _, Polled::Command(_)]),
            "{byte} at {at}: {polled:?}"
        );
        survived += 1;
    }
    assert!(
        survived > sound.len() * 128,
        "most changes break the batch: {survived}"
    );
}
