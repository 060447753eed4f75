//! What the agent is, as fixed at start.

use serde::Serialize;

/// What the agent is, as fixed at start.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The version of the program.
    pub version: &'static str,
    /// The tunnel it serves.
    pub tunnel: String,
    /// Scheme and host of the control plane.
    pub control_plane: String,
    /// The bound channels, whether the policy lists a server for them or not.
    pub channels: Vec<String>,
    /// The policy in force.
    pub policy: Policy,
    /// Commands that may be taken and not yet settled.
    pub queue_capacity: u64,
    /// Commands that may be carried out at once.
    pub pool_capacity: u64,
}

/// The policy in force.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// The file it is kept in.
    pub file: String,
    /// The SHA-256 digest of its text, in hexadecimal.
    pub digest: String,
    /// Which one it is since the start, from 1.
    pub generation: u64,
    /// When it ends and the file decides again, in seconds of Unix time, if it is on trial.
    pub trial_ends: Option<u64>,
}
