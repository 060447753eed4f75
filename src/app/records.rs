//! Opens the audit log, and says beside it what is fixed at start.

use std::collections::HashMap;
use std::sync::Arc;

use portcullis_policy::document::{AuditRules, Recorded};

use super::policy::Read;
use crate::config::{Config, ConfigError};
use crate::ops::audit::{Arguments, Audit, Durability, OnWriteFailure, Settings, Terms};
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
    let settings = Settings {
        terms: terms(policy.policy.audit()),
        ..Settings::new(dir.path().join(FOLDER), origin)
    };
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

/// What the policy says, in the log's own words.
fn terms(rules: &AuditRules) -> Terms {
    Terms {
        durability: if rules.is_synced {
            Durability::Synced
        } else {
            Durability::Written
        },
        on_write_failure: rules
            .spool_bytes
            .map_or(OnWriteFailure::Deny, OnWriteFailure::Spool),
        arguments: match rules.arguments {
            Recorded::Digest => Arguments::Digest,
            Recorded::Names => Arguments::Names,
            Recorded::Full => Arguments::Full,
        },
    }
}
