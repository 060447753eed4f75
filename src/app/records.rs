//! Opens the audit log, and says beside it what is fixed at start.

use std::sync::Arc;

use portcullis_policy::document::{AuditRules, Recorded};

use super::policy::Read;
use crate::config::{Config, ConfigError};
use crate::ops::Ops;
use crate::ops::audit::{Arguments, Audit, Durability, OnWriteFailure, Settings, Terms};
use crate::ops::state::CONTROL_PLANE;
use crate::relay::audited::{Audited, Shown};

/// The folder of the log in the state directory.
const FOLDER: &str = "audit";

/// Opens the log in the state directory; its start is on record when this returns.
///
/// # Errors
/// What is wrong with the folder, the key or the log, as a mistake of the state directory.
pub(super) fn open(config: &Config, policy: &Read) -> Result<Arc<Audit>, ConfigError> {
    let dir = &config.state.dir;
    let origin = format!("portcullis/{}", config.control_plane.tunnel_id.as_str());
    let settings = Settings {
        terms: terms(policy.policy.audit()),
        ..Settings::new(dir.path().join(FOLDER), origin)
    };
    let audit = Audit::open(&settings).map_err(|fault| ConfigError {
        mistakes: vec![dir.mistake(fault.to_string(), "see docs/audit.md")],
    })?;
    Ok(Arc::new(audit))
}

/// The door to it, and what each record says beside what happened.
pub(super) fn door(audit: Arc<Audit>, ops: Arc<Ops>) -> Audited {
    Audited {
        audit,
        shown: Box::new(move |channel| shown(&ops, channel)),
    }
}

/// What peers are shown at this moment.
fn shown(ops: &Ops, channel: &str) -> Shown {
    let control_plane = ops.shown_to(CONTROL_PLANE);
    let server = ops.shown_to(channel);
    let has_any = [&control_plane, &server]
        .into_iter()
        .flatten()
        .any(|(_, serial)| serial.is_some());
    Shown {
        generation: server
            .as_ref()
            .map_or(0, |(number, _)| if has_any { *number } else { 0 }),
        control_plane: control_plane.and_then(|(_, serial)| serial),
        server: server.and_then(|(_, serial)| serial),
    }
}

/// What the policy says, in the log's own words.
pub(super) fn terms(rules: &AuditRules) -> Terms {
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
