//! The load: a control plane that hands out calls and takes replies, and an MCP server that answers them.

mod control;
mod mcp;
pub(crate) mod tls;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::time::{sleep, timeout};

use control::Queue;
use mcp::Tool;
use tls::Protocol;

/// No step of the run takes longer, or the run fails.
const STEP: Duration = Duration::from_secs(20);
const GLANCE: Duration = Duration::from_millis(5);

/// The peers of one contender.
pub(crate) struct Load {
    pub(crate) control: SocketAddr,
    pub(crate) mcp: SocketAddr,
    queue: Arc<Queue>,
    tool: Arc<Tool>,
}

impl Load {
    /// Opens both peers on loopback.
    pub(crate) async fn open(files: &Path, protocol: Protocol) -> anyhow::Result<Self> {
        let (queue, tool) = (Arc::new(Queue::default()), Arc::new(Tool::default()));
        let (for_control, for_mcp) = (Arc::clone(&queue), Arc::clone(&tool));
        let control = tls::serve(files, "control", protocol, move |request| {
            control::answer(Arc::clone(&for_control), request)
        });
        let mcp = tls::serve(files, "mcp", protocol, move |request| {
            mcp::answer(Arc::clone(&for_mcp), request)
        });
        Ok(Self {
            control: control.await?,
            mcp: mcp.await?,
            queue,
            tool,
        })
    }

    /// Waits until the contender asks for work.
    pub(crate) async fn polled(&self) -> anyhow::Result<()> {
        until(|| self.queue.polls() > 0)
            .await
            .context("a contender never polled")
    }

    /// How many polls were asked so far.
    pub(crate) fn polls(&self) -> u64 {
        self.queue.polls()
    }

    /// Hands out so many calls and waits for the reply to each.
    pub(crate) async fn run(&self, calls: u64) -> anyhow::Result<()> {
        self.queue.add(calls);
        until(|| self.queue.is_done())
            .await
            .context("a call was not answered")?;
        self.queue.check()
    }

    /// Hands out so many calls and waits until the server holds them all, unanswered.
    pub(crate) async fn hold(&self, calls: u64) -> anyhow::Result<()> {
        self.tool.hold(true);
        self.queue.add(calls);
        until(|| self.tool.held() == calls)
            .await
            .context("a call did not arrive")
    }

    /// Answers what is held.
    pub(crate) async fn release(&self) -> anyhow::Result<()> {
        self.tool.hold(false);
        self.run(0).await
    }
}

async fn until(is_so: impl Fn() -> bool) -> anyhow::Result<()> {
    let waiting = async {
        while !is_so() {
            sleep(GLANCE).await;
        }
    };
    Ok(timeout(STEP, waiting).await?)
}
