//! The doors of a real agent: a listing in an event stream is filtered whatever its chunks are (PF8), and no other way in reaches a server (F7).

use std::time::Duration;

use bytes::Bytes;
use portcullis::demo::agent::Log;
use portcullis::demo::control_plane::Command;
use portcullis::demo::mcp_server::{self, Answer, Piece, SEARCH_RECORDS};
use portcullis::demo::{Plan, Stage};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Ids;

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_record","arguments":{}}}"#;

pub async fn show() -> Ids {
    let folder = tempfile::tempdir().unwrap();
    let url_file = folder.path().join("health.url");
    let flags = [format!("--health.url-file={}", url_file.display())];
    let plan = Plan {
        server: mcp_server::Options {
            sessions: false,
            ..mcp_server::Options::default()
        },
        flags: flags.into(),
        ..Plan::new(env!("CARGO_BIN_EXE_portcullis").into())
    };
    let mut stage = Stage::set(&plan, Log::Kept).await.unwrap();
    let shown = vec![
        a_listing_in_pieces_is_filtered(&stage).await,
        no_other_door_leads_to_a_server(&stage, &std::fs::read_to_string(url_file).unwrap()).await,
    ];
    assert!(stage.stop_agent().await.unwrap().success());
    shown
}

/// One event, its data on three lines, ended by CR, LF and CRLF, a few bytes at a time.
async fn a_listing_in_pieces_is_filtered(stage: &Stage) -> &'static str {
    for end in ["\n", "\r", "\r\n"] {
        stage.server.as_ref().unwrap().script(move |heard| {
            let id = heard.rpc_id().unwrap();
            let lines = [
                format!(r#"{{"jsonrpc":"2.0","id":{id},"#),
                r#""result":{"tools":[{"name":"hidden_one"},"#.to_owned(),
                format!(r#"{{"name":"{SEARCH_RECORDS}"}}]}}}}"#),
            ];
            let data: String = lines.map(|line| format!("data: {line}{end}")).concat();
            let event = format!("{data}{end}");
            let pieces = event.as_bytes().chunks(7).map(Bytes::copy_from_slice);
            pieces.fold(Answer::events(), |answer, piece| {
                answer
                    .then(Piece::Bytes(piece))
                    .then(Piece::Wait(Duration::from_millis(1)))
            })
        });
        let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
        let mut pending = stage.control.enqueue(Command::jsonrpc(list));
        let json = pending.reply().await.unwrap().json.unwrap();
        assert!(json.contains(SEARCH_RECORDS), "{end:?}: {json}");
        assert!(!json.contains("hidden_one"), "{end:?}: {json}");
    }
    "PF8"
}

/// The listener for probes takes no message: whatever is posted there, the server hears nothing.
async fn no_other_door_leads_to_a_server(stage: &Stage, url: &str) -> &'static str {
    let server = stage.server.as_ref().unwrap();
    server.forget();
    let address = url
        .trim()
        .trim_start_matches("http://")
        .trim_end_matches('/');
    for path in [
        "/",
        "/mcp",
        "/healthz",
        "/metrics",
        "/v1/tunnels/x/response",
    ] {
        let mut door = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{CALL}",
            CALL.len()
        );
        door.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        door.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 4"), "{path}: {answer}");
    }
    assert_eq!(server.heard().len(), 0);
    assert_eq!(server.tools_run(), Vec::<String>::new());
    "F7"
}
