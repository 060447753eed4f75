//! What a server gets: the judged bytes, the allowed headers, and no request nobody asked for (W-14).

use super::*;

/// The headers every server gets of [`SENT`], sorted.
fn expected_headers(mut more: Vec<(&str, &str)>) -> Vec<(String, String)> {
    let mut headers = vec![
        ("accept", "application/json, text/event-stream"),
        ("accept-encoding", "identity"),
        ("authorization", "Bearer caller"),
        ("mcp-session-id", "s-1"),
        ("x-operator", "ours"),
    ];
    headers.append(&mut more);
    headers.sort_unstable();
    let owned = headers
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    owned.collect()
}

const CALL_HEADERS: [(&str, &str); 3] = [
    ("content-type", "application/json"),
    ("mcp-protocol-version", "2025-11-25"),
    ("x-request-id", "caller-7"),
];

/// The judged text with our id in both places, and not a byte else (F3).
fn assert_only_edited(body: &str) {
    let value: serde_json::Value = serde_json::from_str(body).unwrap();
    let ours = value["id"].as_u64().unwrap().to_string();
    let expected = CALL.replace(r#""a-1""#, &ours).replace(r#""t-1""#, &ours);
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_server_gets_the_judged_bytes_and_the_allowed_headers_dp_009_010_d1_d7() {
    let raw = Raw::start(answers).await;
    let desk = through(plain_peer(LONG), raw.url(), PATIENT, sent_call()).await;
    assert_answered(&desk.reply("r"));
    let seen = raw.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].line(), "POST /mcp HTTP/1.1");
    assert_only_edited(&seen[0].body);
    let mut headers = seen[0].headers();
    headers.sort();
    assert_eq!(headers, expected_headers(CALL_HEADERS.to_vec()));
}

#[tokio::test]
async fn the_same_crosses_over_tls_in_either_version_of_http() {
    let pki = Pki::new().unwrap();
    for (protocol, version) in [("h2", Version::HTTP_2), ("http/1.1", Version::HTTP_11)] {
        let https = Https::start(&pki.mcp_servers, protocol).await;
        let peer = tls_peer(&pki.mcp_servers, LONG);
        let desk = through(peer, https.url(), PATIENT, sent_call()).await;
        assert_answered(&desk.reply("r"));
        let got = https.got();
        assert_eq!(got.len(), 1);
        assert_eq!((got[0].version, got[0].target.as_str()), (version, "/mcp"));
        assert_only_edited(&got[0].body);
        let mut headers = got[0].headers.clone();
        headers.sort();
        assert_eq!(
            headers,
            expected_headers(CALL_HEADERS.to_vec()),
            "{protocol}"
        );
    }
}

#[tokio::test]
async fn a_session_ends_only_when_its_end_is_asked_for_w_14_fw_025_dp_073() {
    let raw = Raw::start(|_| {
        vec![reply(
            "405 Method Not Allowed",
            "Mcp-Session-Id: s-1\r\n",
            "",
        )]
    })
    .await;
    let desk = through(plain_peer(LONG), raw.url(), PATIENT, one(termination("t"))).await;
    let post = desk.reply("t");
    assert_eq!((post.kind, post.code), (ReplyKind::Termination, 405));
    assert_eq!(post.json, "");
    assert_eq!(post.header("Mcp-Session-Id"), ["s-1"]);
    let seen = raw.seen();
    assert_eq!(seen[0].line(), "DELETE /mcp HTTP/1.1");
    assert_eq!(seen[0].body, "");
    let mut headers = seen[0].headers();
    headers.sort();
    assert_eq!(headers, expected_headers(Vec::new()));
}

/// W-14: a call that fails in any way sends nothing after itself.
#[tokio::test]
async fn no_failure_ends_a_session_w_14() {
    type Make = fn(&Seen) -> Vec<Act>;
    let failing: [Make; 4] = [
        |_| {
            vec![reply(
                "500 Internal Server Error",
                "Mcp-Session-Id: s-1\r\n",
                "{}",
            )]
        },
        |_| vec![stream("Mcp-Session-Id: s-1\r\n"), Act::Hang],
        |_| vec![stream("Mcp-Session-Id: s-1\r\n"), event("[]"), Act::Hang],
        |_| vec![Act::Reset],
    ];
    for script in failing {
        let setting = Setting {
            total: SHORT,
            ..PATIENT
        };
        let (raw, desk) = ask_with(setting, script).await;
        assert_eq!(desk.reply("r").origin, Origin::LocalFailure);
        tokio::time::sleep(Duration::from_millis(50)).await;
        let seen = raw.seen();
        assert!(seen.iter().all(|seen| seen.line().starts_with("POST")));
        // All that may follow is that nobody waits any more (W-18).
        let told = |seen: &Seen| seen.body.contains("notifications/cancelled");
        assert!(seen.len() <= 2 && seen[1..].iter().all(told), "{seen:?}");
    }
}
