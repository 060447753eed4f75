//! Wiring: a checked configuration becomes running tasks, and they are drained.

mod certificates;
mod credentials;
mod endpoints;
mod operations;
mod peers;
mod policy;
mod probe;
mod records;
mod rotation;
mod secret;
mod seen;
mod serve;
mod side;
mod signals;
mod source;
mod state;
mod surfaces;
mod survey;
mod witness;

use std::sync::Arc;

use anyhow::Context as _;
use portcullis_policy::{Channel, Ledger};
use tracing::info;

pub use self::certificates::{Endpoint, certificates};
use self::policy::book::Book;
use self::rotation::Rotation;
use self::surfaces::Surfaces;
pub use self::survey::{Surveyed, Way, survey};
use crate::config::{Config, ConfigError};
use crate::edge::control::ControlClient;
use crate::edge::control::headers::CLIENT_VERSION;
use crate::edge::upstream::Servers;
use crate::ops::audit::sha256;
use crate::ops::log::Handle;
use crate::ops::{self, Ops};
use crate::relay::admission::{Admission, Bounds, RESIDENT_BYTES};
use crate::relay::audited::Audited;
use crate::relay::in_force::InForce;
use crate::relay::listing::Listings;
use crate::relay::pipeline::Relay;
use crate::relay::replay::Replay;
use crate::relay::streams::Streams;
use crate::runtime::fresh::Fresh;

type Agent = Relay<ControlClient, Servers, Audited>;

/// Runs the agent until a signal stops it and its calls are drained.
///
/// # Errors
/// [`ConfigError`] with every mistake of policy, certificates, roots and state; the system's own refusals; calls cut at the end of the drain.
pub fn run(config: &Config) -> anyhow::Result<()> {
    let last = LastLines(ops::log::start(config.log));
    run_with(config, last.0.clone())
}

/// The log whose last lines are written when this is dropped, by a panic too: its line would be lost with the process.
struct LastLines(Handle);

impl Drop for LastLines {
    fn drop(&mut self) {
        self.0.flush();
    }
}

fn run_with(config: &Config, log: Handle) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    let ended = runtime.block_on(async {
        // Before anything else: until it is heard, a hangup would end the process.
        let signals = signals::Signals::new().context("could not listen for signals")?;
        run_heard(config, log, signals).await
    });
    // Calls that were cut are dropped with it, and recorded as lost.
    drop(runtime);
    let (how, ended) = match ended {
        Ok((agent, ended)) => {
            let how = if ended.is_ok() { "drained" } else { "cut" };
            (agent.records.audit.stop(how), ended)
        }
        Err(error) => return Err(error),
    };
    ended.and(how.context("the last records could not be written"))
}

/// Everything between the signals and the end; with the agent comes how its work ended.
async fn run_heard(
    config: &Config,
    log: Handle,
    signals: signals::Signals,
) -> anyhow::Result<(Arc<Agent>, anyhow::Result<()>)> {
    let (agent, rotation, own) = assemble(config, log)?;
    announce(config, &agent);
    let (stops, hangups) = signals.split();
    let opened = Surfaces::open(config, &agent, own).await;
    let mut surfaces = match opened {
        Ok(surfaces) => surfaces,
        Err(error) => return Ok((agent, Err(error))),
    };
    surfaces.rotate(rotation, hangups);
    let ended = serve::serve(&agent, stops, config.shutdown.drain_timeout).await;
    agent.ops.tell_the_rest();
    surfaces.close().await;
    Ok((agent, ended))
}

/// Builds everything that can fail before the first poll, and reports all that did at once. With it comes our own user id.
fn assemble(config: &Config, log: Handle) -> anyhow::Result<(Arc<Agent>, Rotation, u32)> {
    let fresh = || Fresh::new().context("the system has no entropy to give");
    let mut mistakes = Vec::new();
    let own = state::prepare(&config.state.dir, &mut mistakes);
    let policy = policy::read(config, &mut mistakes);
    let read = endpoints::read(config, &fresh()?, &mut mistakes)?;
    let (Some(policy), Some(read), Some(own)) = (policy, read, own) else {
        return Err(ConfigError { mistakes }.into());
    };
    if !mistakes.is_empty() {
        return Err(ConfigError { mistakes }.into());
    }
    let audit = records::open(config, &policy)?;
    let settings = operations::settings(config, &policy);
    let ops = Ops::new(settings, log, Some(Arc::clone(&audit)));
    let (control, upstream, mut rotation) = read.open(config, &ops)?;
    let in_force = InForce::first(policy.policy, policy.sha256);
    rotation.add_policy(Book::new(config, &in_force, &ops), fresh()?);
    let relay = Relay {
        control,
        upstream,
        records: records::door(audit, Arc::clone(&ops)),
        policy: in_force,
        ledger: Arc::new(Ledger::with_digest(sha256)),
        admission: admission(config),
        replay: Replay::default(),
        listings: Listings::default(),
        streams: Streams::default(),
        fresh: fresh()?,
        ops,
        longest: config.mcp.timers.total,
    };
    Ok((Arc::new(relay), rotation, own))
}

fn admission(config: &Config) -> Admission {
    let bounds = Bounds {
        running: usize::from(config.mcp.max_concurrent_requests),
        waiting: usize::from(config.control_plane.max_inflight),
        bytes: RESIDENT_BYTES,
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
        info!(setting = notice.setting, source = %notice.source, note = notice.note, "about a setting");
    }
    let policy = &agent.policy.current().policy;
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
