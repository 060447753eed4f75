//! Answers that are none (D7, D12, D14, D15, D16, D20).

use super::*;

#[tokio::test]
async fn only_the_two_media_types_in_plain_are_answers_d7_d14() {
    let no: [&str; 9] = [
        "",
        "Content-Type: text/html\r\n",
        "Content-Type: application/jsonx\r\n",
        "Content-Type: application/json, text/html\r\n",
        "Content-Type: application/json\r\nContent-Type: application/json\r\n",
        "Content-Type: application/json\r\nContent-Type: text/html\r\n",
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
        "Content-Type: application/json\r\nContent-Encoding: identity, br\r\n",
        "Content-Type: text/event-stream\r\nContent-Encoding: gzip\r\n",
    ];
    for headers in no {
        let reply = failure(move |seen| vec![reply("200 OK", headers, &seen.answer_text())]).await;
        assert_eq!(reply, "502 protocol/non_protocol_response", "{headers}");
    }
    for headers in [
        "Content-Type: application/json\r\nContent-Encoding: identity\r\n",
        "Content-Type: Application/JSON ; charset=utf-8\r\n",
    ] {
        let (_raw, desk) =
            ask(move |seen| vec![reply("200 OK", headers, &seen.answer_text())]).await;
        assert_answered(&desk.reply("r"));
    }
}

#[tokio::test]
async fn the_first_answer_to_this_call_wins_and_others_go_nowhere_d12() {
    let (_raw, desk) = ask(|seen| {
        let foreign = seen.answer_text().replace(&seen.id(), "2");
        let second = seen.answer_text().replace("[]", "[1]");
        vec![
            stream(""),
            event(&foreign),
            event(&seen.answer_text()),
            event(&second),
        ]
    })
    .await;
    assert_answered(&desk.reply("r"));
    assert_eq!(desk.posts().len(), 1);
}

#[tokio::test]
async fn status_and_body_that_disagree_have_one_outcome_each_d15_fw_009_to_018() {
    const JSON: &str = "Content-Type: application/json\r\n";
    type Make = fn(&Seen) -> String;
    let result: Make = Seen::answer_text;
    let error: Make = |seen| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{},"error":{{"code":-32003,"message":"no"}}}}"#,
            seen.id()
        )
    };
    let foreign: Make = |_| r#"{"jsonrpc":"2.0","id":2,"result":{}}"#.to_owned();
    let foreign_error: Make =
        |_| r#"{"jsonrpc":"2.0","id":2,"error":{"code":1,"message":"no"}}"#.to_owned();
    let nothing: Make = |_| String::new();
    let prose: Make = |_| "secret of the server".to_owned();
    let rows = [
        ("200 OK", JSON, foreign, "502 transport_closed/eof"),
        ("200 OK", JSON, nothing, "502 transport_closed/eof"),
        ("200 OK", JSON, prose, "502 protocol/malformed_json"),
        (
            "202 Accepted",
            "",
            nothing,
            "502 protocol/non_protocol_response",
        ),
        (
            "204 No Content",
            "",
            nothing,
            "502 protocol/non_protocol_response",
        ),
        (
            "400 Bad Request",
            JSON,
            result,
            "400 target_http/invalid_mcp_error",
        ),
        (
            "400 Bad Request",
            JSON,
            nothing,
            "400 target_http/response_body_missing",
        ),
        (
            "404 Not Found",
            "Content-Type: text/plain\r\n",
            prose,
            "404 target_http/malformed_json",
        ),
        (
            "502 Bad Gateway",
            JSON,
            foreign_error,
            "502 target_http/invalid_mcp_error",
        ),
        (
            "500 Internal Server Error",
            JSON,
            result,
            "500 target_http/invalid_mcp_error",
        ),
    ];
    for (status, headers, body, expected) in rows {
        let (_raw, desk) = ask(move |seen| vec![reply(status, headers, &body(seen))]).await;
        let post = desk.reply("r");
        assert_eq!(post.failure(), expected, "{status}");
        assert!(!post.json.contains("secret"), "E10");
    }
    for status in [
        "200 OK",
        "400 Bad Request",
        "404 Not Found",
        "500 Internal Server Error",
    ] {
        let (_raw, desk) = ask(move |seen| vec![reply(status, JSON, &error(seen))]).await;
        let post = desk.reply("r");
        assert_eq!(post.origin, Origin::Judged, "{status}");
        assert_eq!(post.code.to_string(), status[..3]);
        assert_eq!(post.error_code(), -32003);
        assert_eq!(post.value()["id"], "a-1");
    }
}

/// W-23: nobody follows, nobody else hears of the caller's credentials.
#[tokio::test]
async fn redirects_are_never_followed_w_23_d16() {
    let elsewhere = Raw::start(answers).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("Location: {}\r\n", elsewhere.url());
        let raw = Raw::start(move |seen| {
            let headers = format!("{location}Content-Type: application/json\r\n");
            vec![reply(
                &format!("{status} Moved"),
                &headers,
                &seen.answer_text(),
            )]
        })
        .await;
        let desk = through(plain_peer(LONG), raw.url(), PATIENT, sent_call()).await;
        let post = desk.reply("r");
        assert_eq!(
            post.failure(),
            "502 protocol/non_protocol_response",
            "{status}"
        );
        assert!(post.header("Location").is_empty());
        assert_eq!(raw.seen().len(), 1);
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn trailers_cookies_and_hints_are_ignored_d20() {
    let (_raw, desk) = ask(|seen| {
        let body = seen.answer_text();
        vec![text(format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nSet-Cookie: a=b\r\nAlt-Svc: h3=\":443\"\r\nLink: </x>\r\nRetry-After: 9\r\nWWW-Authenticate: Bearer\r\nTrailer: Mcp-Session-Id\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\nMcp-Session-Id: evil\r\n\r\n",
            body.len()
        ))]
    })
    .await;
    let reply = desk.reply("r");
    assert_answered(&reply);
    let mut names: Vec<&str> = reply.headers.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert_eq!(names, ["Content-Type", "Www-Authenticate"]);
}
