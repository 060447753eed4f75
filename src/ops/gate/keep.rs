//! The file that keeps what an operator did over a restart.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{Actor, Cause, Hold, REASON_CAP, Standing};
use crate::ops::file;

/// One file; there is none while the operator does not hold the gate.
#[derive(Debug)]
pub(super) struct Keep(PathBuf);

impl Keep {
    pub(super) const fn new(file: PathBuf) -> Self {
        Self(file)
    }

    /// The operator's hold, if there is one; a lowering hold if that cannot be told.
    pub(super) fn read(&self) -> Option<Hold> {
        let text = match std::fs::read(&self.0) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(_) => return Some(doubt()),
        };
        let kept = serde_json::from_slice(&text).ok();
        Some(kept.as_ref().and_then(hold).unwrap_or_else(doubt))
    }

    pub(super) fn write(&self, hold: &Hold) -> io::Result<()> {
        let since = hold.since.duration_since(UNIX_EPOCH).unwrap_or_default();
        let kept = json!({
            "standing": hold.standing.label(),
            "reason": hold.reason,
            "since": since.as_secs(),
            "by": hold.by,
        });
        file::replace(&self.0, kept.to_string().as_bytes())
    }

    pub(super) fn clear(&self) -> io::Result<()> {
        match std::fs::remove_file(&self.0) {
            Ok(()) => file::sync_folder(&self.0),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn hold(kept: &Value) -> Option<Hold> {
    let standing = match kept.get("standing")?.as_str()? {
        "lowered" => Standing::Lowered,
        "quiesced" => Standing::Quiesced,
        _ => return None,
    };
    let reason = kept.get("reason")?.as_str()?;
    let since = Duration::from_secs(kept.get("since")?.as_u64()?);
    Some(Hold {
        cause: Cause::Operator,
        standing,
        reason: reason.get(..REASON_CAP).unwrap_or(reason).to_owned(),
        since: UNIX_EPOCH.checked_add(since)?,
        by: kept.get("by").and_then(actor),
    })
}

fn actor(kept: &Value) -> Option<Actor> {
    let uid = u32::try_from(kept.get("uid")?.as_u64()?).ok()?;
    let pid = kept.get("pid").and_then(Value::as_i64);
    Some(Actor {
        uid,
        pid: pid.and_then(|pid| i32::try_from(pid).ok()),
    })
}

fn doubt() -> Hold {
    Hold {
        cause: Cause::Operator,
        standing: Standing::Lowered,
        reason: "the file that keeps the gate cannot be read".to_owned(),
        since: SystemTime::now(),
        by: None,
    }
}
