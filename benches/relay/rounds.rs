//! One row: both contenders started, their memory read, and their rounds in turns.

use std::path::Path;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::IN_FLIGHT;
use crate::child::{Contender, Memory};
use crate::figures::{Figures, Measured};
use crate::load::Load;
use crate::load::tls::Protocol;

const ROUNDS: usize = 5;
const CALLS: u64 = 6_000;
const WARM_UP: u64 = 1_000;
/// What a contender gets to come to rest after it polled, or after it worked.
const REST: Duration = Duration::from_millis(500);

/// One contender and its peers.
struct Side {
    child: Contender,
    load: Load,
    figures: Figures,
}

/// Both contenders over one version of HTTP.
pub(crate) async fn run(files: &Path, protocol: Protocol) -> anyhow::Result<Measured> {
    let mut agent = Side::start(files, protocol, Contender::agent).await?;
    let mut null = Side::start(files, protocol, Contender::null).await?;
    for _ in 0..ROUNDS {
        agent.round().await?;
        null.round().await?;
    }
    Ok(Measured {
        protocol,
        agent: agent.finish().await?,
        null: null.finish().await?,
    })
}

impl Side {
    async fn start(
        files: &Path,
        protocol: Protocol,
        contender: impl Fn(
            &Path,
            std::net::SocketAddr,
            std::net::SocketAddr,
        ) -> anyhow::Result<Contender>,
    ) -> anyhow::Result<Self> {
        let load = Load::open(files, protocol).await?;
        let child = contender(files, load.control, load.mcp)?;
        load.polled().await?;
        sleep(REST).await;
        let idle = child.memory()?;
        let held = held(&child, &load).await?;
        load.run(WARM_UP).await?;
        let figures = Figures::new(idle, held);
        Ok(Self {
            child,
            load,
            figures,
        })
    }

    /// Processor time, wall time and polls of one round.
    async fn round(&mut self) -> anyhow::Result<()> {
        let (cpu, wall, polls) = (
            self.child.processor_time()?,
            Instant::now(),
            self.load.polls(),
        );
        self.load.run(CALLS).await?;
        self.figures.add(
            CALLS,
            self.child.processor_time()?.saturating_sub(cpu),
            wall.elapsed(),
            self.load.polls() - polls,
        );
        Ok(())
    }

    async fn finish(mut self) -> anyhow::Result<Figures> {
        sleep(REST).await;
        self.figures.after = self.child.memory()?;
        Ok(self.figures)
    }
}

/// Memory while as many calls as there may be wait for the server.
async fn held(child: &Contender, load: &Load) -> anyhow::Result<Memory> {
    load.hold(IN_FLIGHT as u64).await?;
    sleep(REST).await;
    let memory = child.memory()?;
    load.release().await?;
    Ok(memory)
}
