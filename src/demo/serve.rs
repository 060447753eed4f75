//! `demo --serve`: the same three programs, left running behind a loopback endpoint for any MCP client.

use std::io::{self, Write};

use anyhow::{Context as _, bail};
use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{
    agent::Log,
    front::Front,
    stage::{Plan, Stage},
};

/// Opens the endpoint on `port` (0 for a free one), says on `out` how to use it, and stays until SIGINT or SIGTERM.
///
/// # Errors
/// Something could not be started, or the agent ended by itself or with a failure.
pub async fn serve(plan: &Plan, port: u16, out: &mut dyn Write) -> anyhow::Result<()> {
    // Before anything can fail to be cleaned up.
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let mut stage = Stage::set(plan, Log::Shown).await?;
    let front = Front::open(port, stage.control.clone()).await;
    let front = front.with_context(|| format!("cannot listen on port {port}"))?;
    announce(&front.url(), out)?;
    tokio::select! {
        () = heard(&mut interrupt) => {}
        () = heard(&mut terminate) => {}
        ended = stage.agent.end() => bail!("the agent ended by itself ({})", ended?),
    }
    let status = stage.stop_agent().await?;
    if !status.success() {
        bail!("the agent ended with {status}");
    }
    Ok(())
}

async fn heard(signal: &mut Signal) {
    signal.recv().await;
}

/// The first line is for programs that wait for it. All is written at once: who reads only that line may close the pipe.
fn announce(url: &str, out: &mut dyn Write) -> io::Result<()> {
    let config = json!({"mcpServers": {"portcullis-demo": {"type": "http", "url": url}}});
    let text = format!(
        "MCP endpoint: {url}\n\
         Try it:       npx @modelcontextprotocol/inspector --cli {url} --transport http --method tools/list\n\
         Or configure: {config}\n\
         Stop:         Ctrl-C\n"
    );
    out.write_all(text.as_bytes())?;
    out.flush()
}
