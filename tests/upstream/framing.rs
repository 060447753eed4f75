//! Answers whose bytes can be read in two ways (D5, D6, D11).

use super::*;

#[tokio::test]
async fn a_head_that_two_readers_would_read_differently_is_no_answer_d5_d6() {
    let body = |seen: &Seen| seen.answer_text();
    type Make = fn(&str) -> String;
    let odd: [Make; 7] = [
        |b| {
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{b}\r\n0\r\n\r\n",
                b.len(),
                b.len()
            )
        },
        |b| {
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{b}\r\n0\r\n\r\n"
            )
        },
        |b| {
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{b}X\r\n0\r\n\r\n",
                b.len()
            )
        },
        |b| {
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX: a\r\n b\r\nContent-Length: {}\r\n\r\n{b}",
                b.len()
            )
        },
        |b| {
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nContent-Length: 5\r\n\r\n{b}",
                b.len()
            )
        },
        |b| {
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: +{}\r\n\r\n{b}",
                b.len()
            )
        },
        |b| format!("ICY 200 OK\r\nContent-Type: application/json\r\n\r\n{b}"),
    ];
    for (number, answer) in odd.into_iter().enumerate() {
        let (raw, desk) = ask(move |seen| vec![text(answer(&body(seen))), Act::Hang]).await;
        let reply = desk.reply("r").failure();
        assert_eq!(reply, "502 protocol/non_protocol_response", "row {number}");
        assert_eq!(raw.seen().len(), 1, "a call is never sent twice");
    }
}

/// D6: what comes after an answer belongs to no call.
#[tokio::test]
async fn bytes_after_an_answer_reach_no_other_call_d6() {
    let raw = Raw::start(|seen| match seen.index {
        0 => {
            let answer = seen.answer_text();
            let second = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"evil\":1}";
            let first = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{answer}{second}", answer.len());
            vec![text(first)]
        }
        _ => answers(seen),
    })
    .await;
    let desk = Desk::new();
    let servers = HashMap::from([(
        Channel::main(),
        server(plain_peer(LONG), raw.url(), PATIENT),
    )]);
    let relay = support::relay(desk.clone(), Servers::new(servers));
    for id in ["r1", "r2"] {
        support::handle(&relay, call(id), Instant::now()).await;
        assert_answered(&desk.reply(id));
    }
    assert_eq!(raw.connections(), 2);
}

/// The same for an answer whose end is in doubt: its connection is not used again.
#[tokio::test]
async fn a_connection_with_odd_framing_is_not_used_again_d5_d6() {
    let raw = Raw::start(|seen| match seen.index {
        0 => vec![text("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")],
        _ => answers(seen),
    })
    .await;
    let desk = Desk::new();
    let servers = HashMap::from([(
        Channel::main(),
        server(plain_peer(LONG), raw.url(), PATIENT),
    )]);
    let relay = support::relay(desk.clone(), Servers::new(servers));
    support::handle(&relay, call("r1"), Instant::now()).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    support::handle(&relay, call("r2"), Instant::now()).await;
    assert_answered(&desk.reply("r2"));
    assert_eq!(raw.connections(), 2);
}

#[tokio::test]
async fn the_corners_of_the_event_stream_have_one_outcome_each_d11() {
    type Make = fn(&str) -> String;
    let good: [Make; 6] = [
        |a| format!("data: {a}\n\n"),
        |a| format!("\u{feff}data: {a}\r\n\r\n"),
        |a| format!("data: {a}\r\r"),
        |a| format!("event: message\nid: 1\nretry: 0\ndata:{a}\n\n"),
        |a| format!("event: ping\ndata: {a}\n\ndata:\n\n: x\n\ndata: {a}\n\n"),
        |a| format!("data: {}\ndata: {}\n\n", &a[..1], &a[1..]),
    ];
    for (number, body) in good.into_iter().enumerate() {
        let (_raw, desk) =
            ask(move |seen| vec![stream(""), text(body(&seen.answer_text())), Act::Close]).await;
        let reply = desk.reply("r");
        assert_eq!(reply.origin, Origin::Judged, "row {number}: {reply:?}");
    }
    let ignored: [Make; 3] = [
        |a| format!("event: ping\ndata: {a}\n\n"),
        |a| format!("data: {a}\n"),
        |a| format!("Data: {a}\n\n"),
    ];
    for (number, body) in ignored.into_iter().enumerate() {
        let reply =
            failure(move |seen| vec![stream(""), text(body(&seen.answer_text())), Act::Close])
                .await;
        assert_eq!(reply, "502 transport_closed/eof", "row {number}");
    }
    let reply = failure(|_| vec![stream(""), text(b"data: \xff\n\n"), Act::Close]).await;
    assert_eq!(reply, "502 protocol/invalid_protocol_response");
}
