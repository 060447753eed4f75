//! Proves on the real program that the log level changes what is written and nothing else: a quiet agent works and stops as a talkative one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::io::ErrorKind;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

const POLICY: &str = "schema = 1\n[[server]]\nchannel = \"main\"\n";

/// The agent with its control plane at `listener`, in plain text as loopback may.
fn agent(listener: &TcpListener, level: &str) -> (Child, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let policy = dir.path().join("policy.toml");
    std::fs::write(&policy, POLICY).unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args([
            "run",
            "--log.level",
            level,
            "--control-plane.base-url",
            &base,
        ])
        .args([
            "--mcp.server-url",
            "http://127.0.0.1:9/mcp",
            "--trust.system-roots",
            "false",
        ])
        .env_clear()
        .env(
            "CONTROL_PLANE_TUNNEL_ID",
            "tunnel_0123456789abcdefghijklmnopqrstuv",
        )
        .env("CONTROL_PLANE_API_KEY", "test_key")
        .env("POLICY_FILE", policy)
        .env("STATE_DIR", dir.path().join("state"))
        .env("HEALTH_LISTEN_ADDR", "127.0.0.1:0")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    (child, dir)
}

/// Whether the agent connects; the other way to end the wait is its own end.
fn polls(listener: &TcpListener, child: &mut Child) -> bool {
    listener.set_nonblocking(true).unwrap();
    loop {
        match listener.accept() {
            Ok(_) => return true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("{error}"),
        }
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// What the log would say may be worked out only where it is logged, so nothing the agent does may hang on it.
#[test]
fn an_agent_polls_at_every_log_level() {
    for level in ["debug", "info", "warn", "error"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (mut child, _dir) = agent(&listener, level);
        let polled = polls(&listener, &mut child);
        child.kill().ok();
        child.wait().unwrap();
        assert!(polled, "the agent ended by itself at `{level}`");
    }
}
