//! Connections that fail: each has its own words (W-10).

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use super::*;

async fn unreachable(url: &str) -> String {
    let url = url.parse().unwrap();
    let desk = through(plain_peer(LONG), url, PATIENT, call("r")).await;
    desk.reply("r").failure()
}

#[tokio::test]
async fn each_way_of_not_connecting_has_its_words_w_10_tf_003_to_005() {
    let closed = Raw::start(answers).await.close().await;
    let url = format!("http://{closed}/mcp");
    assert_eq!(unreachable(&url).await, "502 connect/connection_refused");
    assert_eq!(
        unreachable("http://nonexistent.invalid/mcp").await,
        "502 dns/dns"
    );
    let plaintext = plaintext().await;
    let url = format!("https://{}/mcp", plaintext.0);
    assert_eq!(unreachable(&url).await, "502 tls/tls");
}

/// A server that answers whatever comes first in plain text.
async fn plaintext() -> (SocketAddr, AbortOnDropHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
        std::future::pending().await
    });
    (address, AbortOnDropHandle::new(task))
}

#[tokio::test]
async fn tls_that_fails_is_told_as_tls_w_10() {
    let pki = Pki::new().unwrap();
    let https = Https::start(&pki.mcp_servers, "h2").await;
    let stranger = tls_peer(&pki.control_servers, LONG);
    let desk = through(stranger, https.url(), PATIENT, call("r")).await;
    assert_eq!(desk.reply("r").failure(), "502 tls/tls");
    assert!(https.got().is_empty());
    let plain: Uri = format!("http://{}/mcp", https.address).parse().unwrap();
    let desk = through(plain_peer(LONG), plain, PATIENT, call("r")).await;
    assert_eq!(desk.reply("r").origin, Origin::LocalFailure);
}

#[tokio::test]
async fn each_way_of_breaking_off_has_its_words_w_10() {
    const HEAD: &str =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
    const CHUNK: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{";
    type Make = fn(&Seen) -> Vec<Act>;
    let rows: [(Make, &str); 7] = [
        (|_| vec![Act::Close], "502 transport_closed/unexpected_eof"),
        (
            |_| vec![Act::Reset],
            "502 transport_closed/connection_reset",
        ),
        (
            |_| vec![text("HTTP/1.1 2"), Act::Close],
            "502 transport_closed/unexpected_eof",
        ),
        (
            |_| vec![text(HEAD), Act::Close],
            "502 transport_closed/unexpected_eof",
        ),
        (
            |_| vec![text(CHUNK), Act::Close],
            "502 transport_closed/unexpected_eof",
        ),
        (
            |_| vec![text(HEAD), Act::Reset],
            "502 transport_closed/connection_reset",
        ),
        (
            |_| vec![stream(""), text("data: {"), Act::Close],
            "502 transport_closed/eof",
        ),
    ];
    for (number, (script, expected)) in rows.into_iter().enumerate() {
        let (raw, desk) = ask(script).await;
        assert_eq!(desk.reply("r").failure(), expected, "row {number}");
        assert_eq!(
            raw.seen().len(),
            1,
            "row {number}: a call is never sent twice"
        );
    }
}

/// The HTTP/2 library names no cause, and still the server broke off and not the agent.
#[tokio::test]
async fn a_stream_that_is_reset_is_told_as_the_servers_w_10() {
    let pki = Pki::new().unwrap();
    let https = Https::start(&pki.mcp_servers, "h2").await;
    let url = format!("https://{}/half", https.address).parse().unwrap();
    let peer = tls_peer(&pki.mcp_servers, LONG);
    let desk = through(peer, url, PATIENT, call("r")).await;
    let expected = "502 transport_closed/connection_aborted";
    assert_eq!(desk.reply("r").failure(), expected);
}

/// An HTTP/2 connection is shared: one that died without a word must not fail every later call.
#[tokio::test]
async fn a_connection_that_died_silently_is_given_up() {
    let pki = Pki::new().unwrap();
    let https = Https::start(&pki.mcp_servers, "h2").await;
    let wire = Wire::start(https.address).await;
    let url = format!("https://{}/mcp", wire.address).parse().unwrap();
    let peer = tls_peer(&pki.mcp_servers, Duration::from_secs(2));
    let desk = Desk::new();
    let servers = HashMap::from([(Channel::main(), server(peer, url, PATIENT))]);
    let relay = support::relay(desk.clone(), Servers::new(servers));
    support::handle(&relay, call("before"), Instant::now()).await;
    assert_answered(&desk.reply("before"));
    wire.freeze();
    support::handle(&relay, call("during"), Instant::now()).await;
    assert_eq!(desk.reply("during").failure(), "502 timeout/timeout");
    support::handle(&relay, call("after"), Instant::now()).await;
    assert_answered(&desk.reply("after"));
}
