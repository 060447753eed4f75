//! What the operator's side is told at start.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use portcullis_policy::{Channel, PolicySet};

use super::channels;
use super::policy::Read;
use crate::config::Config;
use crate::edge::control::headers::CLIENT_VERSION;
use crate::ops::Settings;
use crate::ops::state::Expected;
use crate::ops::status::{About, Policy};
use crate::relay::in_force::InForce;
use crate::relay::record::Named;

/// The file in the state directory that keeps what an operator did to the gate.
const GATE_FILE: &str = "gate.json";
/// The time of a post after the command's own.
const LAST_POST: Duration = Duration::from_secs(30);

/// The settings of `ops`, from what was read.
pub(super) fn settings(config: &Config, read: &Read) -> Settings {
    let polling = &config.control_plane.polling;
    Settings {
        about: about(config, read),
        expected: Expected {
            poll: polling.timeout + polling.guardrail,
            call: config.mcp.timers.total + LAST_POST,
        },
        listed: listed(channels(config), &read.policy),
        gate: Some(config.state.dir.path().join(GATE_FILE)),
    }
}

fn about(config: &Config, read: &Read) -> About {
    let per_channel = u64::from(config.mcp.max_concurrent_requests);
    let bindings = u64::try_from(config.mcp.bindings.len()).unwrap_or(u64::MAX);
    About {
        version: CLIENT_VERSION,
        tunnel: config.control_plane.tunnel_id.as_str().to_owned(),
        control_plane: config.control_plane.effective_base.origin(),
        channels: channels(config)
            .map(|channel| channel.as_str().to_owned())
            .collect(),
        policy: told(
            &read.policy,
            config.policy.path(),
            &Named {
                generation: 1,
                sha256: read.sha256,
            },
        ),
        queue_capacity: u64::from(config.control_plane.max_inflight).saturating_mul(bindings),
        pool_capacity: per_channel.saturating_mul(bindings),
    }
}

/// How a policy in force is told, and when it ends if it is on trial.
pub(super) fn policy(in_force: &InForce, file: &Path, trial_ends: Option<SystemTime>) -> Policy {
    let named = &in_force.named;
    Policy {
        trial_ends: trial_ends.map(unix),
        ..told(&in_force.policy, file, named)
    }
}

fn told(policy: &PolicySet, file: &Path, named: &Named) -> Policy {
    Policy {
        name: policy.name().to_owned(),
        file: file.display().to_string(),
        digest: hex(&named.sha256),
        generation: named.generation,
        trial_ends: None,
    }
}

/// Seconds of Unix time.
fn unix(moment: SystemTime) -> u64 {
    let passed = moment.duration_since(UNIX_EPOCH);
    passed.unwrap_or_default().as_secs()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Those of the bound channels whose server the policy lists: the others are never asked, so nothing is known of them.
pub(super) fn listed(bound: impl Iterator<Item = Channel>, policy: &PolicySet) -> Vec<String> {
    bound
        .filter(|channel| policy.server(channel).is_some())
        .map(|channel| channel.as_str().to_owned())
        .collect()
}
