//! Wiring: a checked configuration becomes running tasks, and they are drained.

mod credentials;
mod peers;
mod policy;
mod signals;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use portcullis_policy::document::Limits;
use portcullis_policy::{Channel, Ledger, PolicySet};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::info;

use crate::config::{Config, ConfigError};
use crate::edge::control::ControlClient;
use crate::edge::control::headers::CLIENT_VERSION;
use crate::edge::upstream::Servers;
use crate::ops;
use crate::relay::admission::{Admission, Bounds, RESIDENT_BYTES};
use crate::relay::pipeline::Relay;
use crate::relay::polling;
use crate::relay::replay::Replay;
use crate::runtime::deadline::Deadline;
use crate::runtime::fresh::Fresh;
use crate::wire::poll::FRAME_BYTES;

type Agent = Relay<ControlClient, Servers>;

/// Runs the agent until a signal stops it and its calls are drained.
///
/// # Errors
/// [`ConfigError`] with every mistake of policy, certificates and roots; the system's own refusals; calls cut at the end of the drain.
pub fn run(config: &Config) -> anyhow::Result<()> {
    let _log = ops::log::start(config.log);
    let agent = Arc::new(assemble(config)?);
    announce(config, &agent);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    runtime.block_on(serve(agent, config.shutdown.drain_timeout))
}

/// Builds everything that can fail before the first poll, and reports all that did at once.
fn assemble(config: &Config) -> anyhow::Result<Agent> {
    let fresh = || Fresh::new().context("the system has no entropy to give");
    let mut mistakes = Vec::new();
    let policy = policy::read(config, &mut mistakes);
    let limits = policy
        .as_ref()
        .map(PolicySet::limits)
        .cloned()
        .unwrap_or_default();
    let roots = credentials::roots(config, &mut mistakes);
    let upstream = peers::servers(config, &limits, roots.as_ref(), &mut mistakes);
    let control = peers::control(config, &limits, roots, fresh()?, &mut mistakes)?;
    match (policy, upstream, control) {
        (Some(policy), Some(upstream), Some(control)) if mistakes.is_empty() => Ok(Relay {
            control,
            upstream,
            policy: Arc::new(policy),
            ledger: Arc::new(Ledger::default()),
            admission: admission(config, &limits),
            replay: Replay::default(),
            fresh: fresh()?,
            ops: Arc::default(),
            longest: config.mcp.timers.total,
        }),
        _ => Err(ConfigError { mistakes }.into()),
    }
}

fn admission(config: &Config, limits: &Limits) -> Admission {
    let bounds = Bounds {
        running: usize::from(config.mcp.max_concurrent_requests),
        waiting: usize::from(config.control_plane.max_inflight),
        bytes: RESIDENT_BYTES,
        command: limits.request_bytes.saturating_add(FRAME_BYTES),
    };
    Admission::new(bounds, channels(config))
}

fn channels(config: &Config) -> impl Iterator<Item = Channel> {
    config
        .mcp
        .bindings
        .iter()
        .map(|binding| binding.channel.clone())
}

fn announce(config: &Config, agent: &Agent) {
    for notice in &config.notices {
        info!(setting = notice.setting, source = %notice.source, note = notice.note, "accepted without effect");
    }
    let policy = &agent.policy;
    info!(
        version = CLIENT_VERSION,
        control_plane = %config.control_plane.effective_base.origin(),
        channels = config.mcp.bindings.len(),
        policy = policy.name(),
        servers = policy.server_count(),
        tools = policy.tool_count(),
        "started"
    );
}

async fn serve(agent: Arc<Agent>, drain: Duration) -> anyhow::Result<()> {
    let mut signals = signals::Signals::new().context("could not listen for signals")?;
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let mut poller = tokio::spawn(polling::poll(agent, stop.clone(), tasks.clone()));
    let signal = tokio::select! {
        signal = signals.next() => signal,
        // Only a defect ends it early: an agent that looks alive and takes no command would be worse than none.
        ended = &mut poller => {
            ended.context("the poll loop failed")?;
            anyhow::bail!("the poll loop ended by itself")
        }
    };
    info!(signal, drain_seconds = drain.as_secs(), "stopping");
    stop.cancel();
    let drained = async {
        poller.await.context("the poll loop failed")?;
        tasks.close();
        tasks.wait().await;
        anyhow::Ok(())
    };
    tokio::select! {
        ended = Deadline::within(drain).bound(drained) => match ended {
            Ok(result) => result?,
            Err(_) => anyhow::bail!("{} calls were cut: the drain time of {} s was over", tasks.len(), drain.as_secs()),
        },
        signal = signals.next() => anyhow::bail!("{} calls were cut by a second {signal}", tasks.len()),
    }
    info!("drained");
    Ok(())
}
