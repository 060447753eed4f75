//! `demo --serve`, as a user runs it: the endpoint leads through the agent to the built-in server or to the user's own.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Command, Stdio},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use portcullis::demo::{
    mcp_server::{DELETE_RECORD, McpServer, Options, SEARCH_RECORDS, SLOW_COUNT},
    net::{Client, Door},
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

pub(crate) struct Served {
    child: Child,
    pub(crate) url: String,
}

impl Served {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .args(["demo", "--serve"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut first)
            .unwrap();
        let url = first
            .trim_end()
            .strip_prefix("MCP endpoint: ")
            .unwrap()
            .to_owned();
        Self { child, url }
    }

    async fn ask(&self, method: &str, params: Value) -> Value {
        let body =
            json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        let request = Request::post(&self.url)
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        let answer = Client::plain().send(request).await.unwrap();
        serde_json::from_slice(answer.body()).unwrap()
    }

    pub(crate) fn stop(mut self) {
        self.terminate();
        assert!(self.child.wait().unwrap().success());
    }

    fn terminate(&self) {
        let id = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        kill_process(id, Signal::TERM).unwrap();
    }
}

/// A test that fails leaves no demo behind.
impl Drop for Served {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.terminate();
            self.child.wait().unwrap();
        }
    }
}

#[tokio::test]
async fn a_client_reaches_the_built_in_server_through_the_agent() {
    let served = Served::start(&[]);
    let opened = served.ask("initialize", json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}})).await;
    assert_eq!(
        opened["result"]["serverInfo"]["name"],
        "portcullis-demo-records"
    );
    let refused = served
        .ask(
            "tools/call",
            json!({"name": DELETE_RECORD, "arguments": {}}),
        )
        .await;
    assert_eq!(refused["error"]["message"], "Refused by policy");
    served.stop();
}

#[tokio::test]
async fn a_client_reaches_the_users_own_server_through_the_agent() {
    let options = Options {
        sessions: false,
        ..Options::default()
    };
    let own = McpServer::start(Door::plain(), options).await.unwrap();
    let served = Served::start(&[
        "--upstream",
        &own.url(),
        "--allow-tool",
        SLOW_COUNT,
        "--listen",
        "127.0.0.1:0",
    ]);
    let counted = served
        .ask(
            "tools/call",
            json!({"name": SLOW_COUNT, "arguments": {"to": 2}}),
        )
        .await;
    assert_eq!(counted["result"]["content"][0]["text"], "counted to 2");
    let refused = served
        .ask(
            "tools/call",
            json!({"name": SEARCH_RECORDS, "arguments": {"query": "a"}}),
        )
        .await;
    assert_eq!(refused["error"]["message"], "Refused by policy");
    assert_eq!(own.tools_run(), [SLOW_COUNT]);
    served.stop();
}

#[tokio::test]
async fn a_client_calls_under_the_users_own_policy() {
    let policy = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        policy.path(),
        "schema = 1\n[[server]]\nchannel = \"main\"\ntools = [\"delete_record\"]\n",
    )
    .unwrap();
    let options = Options {
        sessions: false,
        ..Options::default()
    };
    let own = McpServer::start(Door::plain(), options).await.unwrap();
    let served = Served::start(&[
        "--upstream",
        &own.url(),
        "--policy",
        policy.path().to_str().unwrap(),
    ]);
    served
        .ask(
            "tools/call",
            json!({"name": DELETE_RECORD, "arguments": {}}),
        )
        .await;
    served
        .ask(
            "tools/call",
            json!({"name": SEARCH_RECORDS, "arguments": {}}),
        )
        .await;
    assert_eq!(own.tools_run(), [DELETE_RECORD]);
    served.stop();
}

#[test]
fn a_server_of_the_users_own_needs_a_policy_of_theirs() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["demo", "--serve", "--upstream", "http://127.0.0.1:9/mcp"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(
        err.contains("--allow-tool NAME") && err.contains("--policy FILE"),
        "{err}"
    );
}

#[test]
fn a_port_in_use_is_told_and_ends_the_demo() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["demo", "--serve", "--listen", &port])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(&port) && text.contains("in use"), "{text}");
}
