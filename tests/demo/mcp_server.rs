//! The recording MCP server: what it says by itself, what it remembers, and that a script goes out as written.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request, Response, StatusCode, Version};
use portcullis::demo::{
    mcp_server::{Answer, McpServer, Options, Piece, SEARCH_RECORDS, TOOLS},
    net::{Client, ClientError, Door},
};
use portcullis_certs::dev::{Leaf, Pki};
use serde_json::{Value, json};

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#;

struct Stage {
    server: McpServer,
    client: Client,
}

impl Stage {
    async fn plain() -> Self {
        let server = McpServer::start(Door::plain(), Options::default())
            .await
            .unwrap();
        Self {
            server,
            client: Client::plain(),
        }
    }

    async fn send(
        &self,
        method: Method,
        session: &str,
        body: &str,
    ) -> Result<Response<Bytes>, ClientError> {
        let mut request = Request::builder().method(method).uri(self.server.url());
        if !session.is_empty() {
            request = request.header("Mcp-Session-Id", session);
        }
        self.client
            .send(
                request
                    .body(Full::new(Bytes::from(body.to_owned())))
                    .unwrap(),
            )
            .await
    }

    async fn post(&self, session: &str, body: &str) -> Response<Bytes> {
        self.send(Method::POST, session, body).await.unwrap()
    }

    async fn open_session(&self) -> String {
        let answer = self.post("", INITIALIZE).await;
        answer.headers()["mcp-session-id"]
            .to_str()
            .unwrap()
            .to_owned()
    }
}

fn value(answer: &Response<Bytes>) -> Value {
    serde_json::from_slice(answer.body()).unwrap()
}

#[tokio::test]
async fn a_session_is_opened_needed_and_ended() {
    let stage = Stage::plain().await;
    let ping = r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#;
    assert_eq!(stage.post("", ping).await.status(), 400);
    assert_eq!(stage.post("session-unknown", ping).await.status(), 404);
    let opened = stage.post("", INITIALIZE).await;
    assert_eq!(value(&opened)["result"]["protocolVersion"], "2025-06-18");
    let session = stage.open_session().await;
    assert_eq!(
        value(&stage.post(&session, ping).await)["result"],
        json!({})
    );
    let note = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    assert_eq!(stage.post(&session, note).await.status(), 202);
    assert_eq!(
        stage
            .send(Method::GET, &session, "")
            .await
            .unwrap()
            .status(),
        405
    );
    assert_eq!(
        stage
            .send(Method::DELETE, &session, "")
            .await
            .unwrap()
            .status(),
        204
    );
    assert_eq!(stage.post(&session, ping).await.status(), 404);
    assert_eq!(stage.server.open_sessions(), 1);
}

#[tokio::test]
async fn tools_are_listed_and_run() {
    let stage = Stage::plain().await;
    let session = stage.open_session().await;
    let listing = value(
        &stage
            .post(
                &session,
                r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#,
            )
            .await,
    );
    let names: Vec<_> = listing["result"]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| &tool["name"])
        .collect();
    assert_eq!(names, TOOLS);
    let search = r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"search_records","arguments":{"query":"alice"}}}"#;
    let found = value(&stage.post(&session, search).await);
    assert_eq!(
        found["result"]["structuredContent"]["records"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let unknown = search.replace(SEARCH_RECORDS, "other");
    assert_eq!(
        value(&stage.post(&session, &unknown).await)["error"]["code"],
        -32602
    );
    assert_eq!(stage.server.tools_run(), [SEARCH_RECORDS]);
}

#[tokio::test]
async fn slow_count_tells_its_progress() {
    let stage = Stage::plain().await;
    let session = stage.open_session().await;
    let count = r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"slow_count","arguments":{"to":2},"_meta":{"progressToken":"p"}}}"#;
    let answer = stage.post(&session, count).await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let text = std::str::from_utf8(answer.body()).unwrap();
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let messages: Vec<Value> = data
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    assert_eq!(messages.len(), 3);
    assert_eq!(
        messages[1]["params"],
        json!({"progressToken": "p", "progress": 2, "total": 2})
    );
    assert_eq!(messages[2]["result"]["content"][0]["text"], "counted to 2");
}

#[tokio::test]
async fn everything_is_remembered_byte_for_byte_with_who_sent_it() {
    let pki = Pki::new().unwrap();
    let door = Door::mcp_server(&pki).unwrap();
    let server = McpServer::start(door, Options::default()).await.unwrap();
    let agent = pki.mcp_clients.issue(&Leaf::client("test-agent")).unwrap();
    let client = Client::tls(&pki.mcp_servers.root_pem(), Some(&agent)).unwrap();
    let stage = Stage { server, client };
    let body = "{\"id\" : 1.50,\r\n \"method\":\"\\u0061\"}";
    stage.post("s 1", body).await;
    let heard = stage.server.heard();
    assert_eq!(heard[0].body, body);
    assert_eq!(heard[0].rpc_id().unwrap(), "1.50");
    assert_eq!(heard[0].rpc_method().unwrap(), "a");
    assert_eq!(heard[0].header("mcp-session-id"), Some("s 1"));
    assert_eq!(heard[0].version, Version::HTTP_2);
    assert_eq!(heard[0].peer.as_ref().unwrap().subject, "CN=test-agent");
    stage.server.forget();
    assert!(stage.server.heard().is_empty());

    let stranger = Client::tls(&pki.mcp_servers.root_pem(), None).unwrap();
    let stage = Stage {
        client: stranger,
        ..stage
    };
    assert!(stage.send(Method::POST, "", INITIALIZE).await.is_err());
    assert!(stage.server.heard().is_empty());
    assert_eq!(stage.server.turned_away().len(), 1);
}

#[tokio::test]
async fn a_script_goes_out_as_written_and_once() {
    let stage = Stage::plain().await;
    stage.server.script(|_| {
        Answer::json("{]")
            .with_status(StatusCode::BAD_GATEWAY)
            .header("x-a", "1")
            .header("x-a", "2")
    });
    stage
        .server
        .script(|heard| Answer::events().event("{}").result_event(heard, "7"));
    stage
        .server
        .script(|_| Answer::events().event("{}").then(Piece::Cut));
    stage
        .server
        .script(|_| Answer::status(StatusCode::OK).first(Piece::Cut));
    let first = stage.post("", INITIALIZE).await;
    assert_eq!(
        (first.status().as_u16(), first.body().as_ref()),
        (502, &b"{]"[..])
    );
    assert_eq!(first.headers().get_all("x-a").iter().count(), 2);
    let second = stage.post("", INITIALIZE).await;
    let expected = "event: message\ndata: {}\n\nevent: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":7}\n\n";
    assert_eq!(second.body(), expected);
    assert!(
        stage.send(Method::POST, "", INITIALIZE).await.is_err(),
        "cut inside the body"
    );
    assert!(
        stage.send(Method::POST, "", INITIALIZE).await.is_err(),
        "cut before the headers"
    );
    assert_eq!(
        stage.post("", INITIALIZE).await.status(),
        200,
        "back to itself"
    );
}

#[tokio::test]
async fn options_turn_sessions_off_and_streams_on() {
    let options = Options {
        sessions: false,
        always_stream: true,
    };
    let server = McpServer::start(Door::plain(), options).await.unwrap();
    let stage = Stage {
        server,
        client: Client::plain(),
    };
    let answer = stage
        .post("", r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#)
        .await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(
        answer.body(),
        "event: message\ndata: {\"id\":2,\"jsonrpc\":\"2.0\",\"result\":{}}\n\n"
    );
}
