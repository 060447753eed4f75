//! Calls that their callers end. Since MCP 2026-07-28 the end of the stream says so to a server, and before it a message does.

use tokio::time::{sleep, timeout};

use super::*;

const CANCEL: &str =
    r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"a-1"}}"#;
const MODERN: &str = r#"{"jsonrpc":"2.0","id":"a-1","method":"tools/call","params":{"name":"echo","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
const MODERN_HEADERS: &str = r#""headers":{"Mcp-Protocol-Version":["2026-07-28"],"Mcp-Method":["tools/call"],"Mcp-Name":["echo"]},"#;
const HANGS: Duration = Duration::from_secs(60);

type TestRelay = portcullis::relay::pipeline::Relay<Desk, Servers, support::records::Memory>;

/// A server that shows signs of life and never answers a call.
async fn busy() -> Raw {
    Raw::start(|seen| match seen.body.contains("tools/call") {
        true => vec![
            stream(""),
            Act::Drip(Duration::from_millis(5), b": alive\n\n".to_vec()),
        ],
        false => vec![reply("202 Accepted", "", "")],
    })
    .await
}

fn relay(raw: &Raw) -> (Desk, TestRelay) {
    let desk = Desk::new();
    let server = server(plain_peer(LONG), raw.url(), PATIENT);
    let servers = Servers::new(HashMap::from([(Channel::main(), server)]));
    (desk.clone(), support::relay(desk, servers))
}

async fn until(holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(HANGS, wait).await.expect("it never came");
}

#[tokio::test]
async fn a_cancelled_call_ends_its_stream_and_is_no_message_since_2026_07() {
    let raw = busy().await;
    let (desk, relay) = relay(&raw);
    let call = one(element("r", "main", MODERN_HEADERS, MODERN));
    let calling = support::handle(&relay, call, Instant::now());
    let cancelling = async {
        until(|| raw.sent() > 1000).await;
        // Nobody else ends it, and no other call.
        for (id, headers, body) in [
            ("theirs", r#""headers":{"Mcp-Session-Id":["s"]},"#, CANCEL),
            ("other", "", &CANCEL.replace("a-1", "a-2")),
        ] {
            let cancel = one(element(id, "main", headers, body));
            support::handle(&relay, cancel, Instant::now()).await;
        }
        assert_eq!(raw.closed(), 0);
        let cancel = one(element("cancel", "main", "", CANCEL));
        support::handle(&relay, cancel, Instant::now()).await;
    };
    timeout(HANGS, Box::pin(async { tokio::join!(calling, cancelling) }))
        .await
        .expect("the call ends");
    let reply = desk.reply("cancel");
    assert_eq!(
        (reply.kind, reply.origin, reply.code),
        (ReplyKind::Ack, Origin::Acknowledgement, 202)
    );
    until(|| raw.closed() == 1).await;
    assert_eq!(
        raw.seen().len(),
        1,
        "nothing but the call: {:?}",
        raw.seen()
    );
    assert_eq!(desk.reply("r").failure(), "502 transport_closed/eof");
    let ended = relay.records.ended("r");
    assert_eq!((ended.verdict, ended.reason), ("failed", "cancelled"));
}

/// Its neighbour: the server is told, and the call goes on until the server ends it.
#[tokio::test]
async fn a_cancelled_call_is_told_to_an_older_server_by_a_message() {
    let raw = busy().await;
    let (_, relay) = relay(&raw);
    let calling = support::handle(&relay, call("r"), Instant::now());
    let cancelling = async {
        until(|| raw.sent() > 1000).await;
        let cancel = one(element("cancel", "main", "", CANCEL));
        support::handle(&relay, cancel, Instant::now()).await;
        let seen = raw.seen();
        let named = format!(r#""requestId":{}}}"#, seen[0].id());
        assert!(seen[1].body.contains(&named), "{}", seen[1].body);
        let sent = raw.sent();
        until(|| raw.sent() > sent).await;
        assert_eq!(raw.closed(), 0);
    };
    tokio::select! {
        () = calling => panic!("it goes on"),
        () = cancelling => {}
    }
}
