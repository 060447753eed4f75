//! Opens the audit log, and says beside it what is fixed at start.

use std::collections::HashMap;
use std::sync::Arc;

use super::policy::Read;
use crate::config::{Config, ConfigError};
use crate::ops::audit::{Audit, Settings};
use crate::ops::state::Identity;
use crate::relay::audited::Audited;

/// The folder of the log in the state directory.
const FOLDER: &str = "audit";
/// The first of each for as long as nothing is reloaded.
const GENERATION: u64 = 1;
/// How the serial shown to the control plane is named.
const CONTROL_PLANE: &str = "control plane";

/// Opens the log in the state directory; its start is on record when this returns.
///
/// # Errors
/// What is wrong with the folder, the key or the log, as a mistake of the state directory.
pub(super) fn open(
    config: &Config,
    policy: &Read,
    identities: &[Identity],
) -> Result<Audited, ConfigError> {
    let dir = &config.state.dir;
    let origin = format!("portcullis/{}", config.control_plane.tunnel_id.as_str());
    let settings = Settings::new(dir.path().join(FOLDER), origin);
    let audit = Audit::open(&settings).map_err(|fault| ConfigError {
        mistakes: vec![dir.mistake(fault.to_string(), "see docs/audit.md")],
    })?;
    let mut servers: HashMap<String, String> = identities
        .iter()
        .map(|identity| (identity.peer.clone(), identity.serial.clone()))
        .collect();
    Ok(Audited {
        audit: Arc::new(audit),
        policy_generation: GENERATION,
        policy_sha256: policy.sha256,
        identity_generation: if servers.is_empty() { 0 } else { GENERATION },
        control_plane: servers.remove(CONTROL_PLANE),
        servers,
    })
}
