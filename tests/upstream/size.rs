//! Answers that do not end (W-09, D8, D10).

use super::*;

#[tokio::test]
async fn an_announced_body_over_the_cap_is_refused_unread_w_09() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 65537\r\n\r\n";
    assert_eq!(
        failure(move |_| vec![text(head), Act::Hang]).await,
        "502 protocol/response_body_too_large"
    );
}

#[tokio::test]
async fn endless_answers_are_cut_at_their_caps_w_09_d8() {
    let chunked = |kind: &str| {
        format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n")
    };
    let block = |line: &str| {
        let many = line.repeat(64 * KIB / line.len());
        format!("{:x}\r\n{many}\r\n", many.len()).into_bytes()
    };
    let rows = [
        ("application/json", block(" "), "one body"),
        ("text/event-stream", block("data: x"), "one line"),
        ("text/event-stream", block("data: x\n"), "one event"),
        (
            "text/event-stream",
            block(": x\n\n"),
            "one stream of comments",
        ),
        (
            "text/event-stream",
            block("event: other\ndata: x\n\n"),
            "one stream of events",
        ),
    ];
    for (kind, block, what) in rows {
        let head = chunked(kind);
        let (raw, desk) = ask(move |_| vec![text(&head), Act::Endless(block.clone())]).await;
        let reply = desk.reply("r").failure();
        assert_eq!(reply, "502 protocol/response_body_too_large", "{what}");
        assert!(raw.sent() < KERNEL, "{what}: {}", raw.sent());
    }
}

/// FW-011, wire sheet 8.5: the body of an error status has a cap of its own.
#[tokio::test]
async fn an_endless_error_body_is_cut_fw_011() {
    let (raw, desk) = ask(|_| {
        vec![
            text("HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n\r\n"),
            Act::Endless(vec![b'x'; 64 * KIB]),
        ]
    })
    .await;
    assert_eq!(
        desk.reply("r").failure(),
        "500 target_http/response_body_too_large"
    );
    assert!(raw.sent() < KERNEL);
}

/// A head without an end is cut as well.
#[tokio::test]
async fn an_endless_head_is_cut() {
    let (raw, desk) = ask(|_| {
        vec![
            text("HTTP/1.1 200 OK\r\n"),
            Act::Endless(b"X: y\r\n".repeat(1000)),
        ]
    })
    .await;
    assert_eq!(
        desk.reply("r").failure(),
        "502 protocol/non_protocol_response"
    );
    assert!(raw.sent() < KERNEL);
}

/// D10: a flood of notices does not keep the answer from the caller.
#[tokio::test]
async fn the_answer_arrives_behind_a_flood_of_notices_d10() {
    let (_raw, desk) = ask(|seen| {
        let notice = format!("data: {}\n\n", seen.progress(1));
        let foreign =
            "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}\n\n";
        let flood = [notice.repeat(500), foreign.repeat(2000)].concat();
        vec![stream(""), text(flood), event(&seen.answer_text())]
    })
    .await;
    assert_answered(&desk.reply("r"));
    assert_eq!(desk.posts().len(), 501, "the caller's own and no others");
}
