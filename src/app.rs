//! Wiring: a checked configuration to running tasks.

use crate::config::Config;

/// Runs the agent until it is told to stop.
///
/// # Errors
/// The agent could not start.
pub fn run(config: Config) -> anyhow::Result<()> {
    let tunnel = config.control_plane.tunnel_id;
    anyhow::bail!("the relay for `{tunnel}` is not wired yet")
}
