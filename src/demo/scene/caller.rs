//! Somebody at the far end of the tunnel who calls tools.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::demo::control_plane::{Command, ControlPlane, Pending, Reply};

const REPLY_WITHIN: Duration = Duration::from_secs(5);

/// A caller in a session.
pub(super) struct Caller {
    control: Arc<ControlPlane>,
    session: String,
    asked: u64,
}

impl Caller {
    /// Opens a session with the MCP server behind the agent.
    pub(super) async fn connect(control: Arc<ControlPlane>) -> anyhow::Result<Self> {
        let mut caller = Self {
            control,
            session: String::new(),
            asked: 0,
        };
        let client = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "portcullis-demo-caller", "version": env!("CARGO_PKG_VERSION")},
        });
        let opened = caller.ask("initialize", client).await?;
        let session = opened
            .header("mcp-session-id")
            .context("the MCP server opened no session")?;
        caller.session = session.to_owned();
        let note = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        let taken = replied(caller.send(&note)).await?;
        ensure!(
            taken.code == 202,
            "the MCP server did not take `initialized`: {}",
            taken.code
        );
        Ok(caller)
    }

    /// Calls a tool.
    pub(super) async fn call(&mut self, tool: &str, arguments: Value) -> anyhow::Result<Reply> {
        self.ask("tools/call", json!({"name": tool, "arguments": arguments}))
            .await
    }

    /// Sends a request and waits for its final reply.
    pub(super) async fn ask(&mut self, method: &str, params: Value) -> anyhow::Result<Reply> {
        replied(self.begin(method, params)).await
    }

    /// Sends a request; its reply is for later.
    pub(super) fn begin(&mut self, method: &str, params: Value) -> Pending {
        self.asked += 1;
        let message =
            json!({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": params});
        self.send(&message)
    }

    fn send(&self, message: &Value) -> Pending {
        let mut command =
            Command::jsonrpc(message.to_string()).header("Mcp-Protocol-Version", "2025-11-25");
        if !self.session.is_empty() {
            command = command.header("Mcp-Session-Id", &self.session);
        }
        self.control.enqueue(command)
    }
}

/// Waits for the final reply.
pub(super) async fn replied(mut pending: Pending) -> anyhow::Result<Reply> {
    let reply = timeout(REPLY_WITHIN, pending.reply()).await;
    Ok(reply.context("the agent did not reply in time")??)
}
