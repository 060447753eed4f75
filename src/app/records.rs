//! The door of the relay to the audit log: what the relay knows of a decision, with what is fixed at start beside it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::policy::Read;
use crate::config::{Config, ConfigError};
use crate::ops::audit::{self, Audit, Digest, Durations, Settings, sha256};
use crate::ops::state::Identity;
use crate::relay::port::{Records, Unrecorded};
use crate::relay::record::{Decided, Ended, Refusal};

/// The audit log, and what every record names.
pub(super) struct Kept {
    pub(super) audit: Arc<Audit>,
    /// SHA-256 of the policy's text.
    pub(super) policy: [u8; 32],
    /// The serial numbers shown to peers, by `control plane` or the channel.
    pub(super) serials: HashMap<String, String>,
}

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
) -> Result<Kept, ConfigError> {
    let dir = &config.state.dir;
    let origin = format!("portcullis/{}", config.control_plane.tunnel_id.as_str());
    let settings = Settings::new(dir.path().join(FOLDER), origin);
    let audit = Audit::open(&settings).map_err(|fault| ConfigError {
        mistakes: vec![dir.mistake(fault.to_string(), "see docs/audit.md")],
    })?;
    let serials = identities.iter();
    Ok(Kept {
        audit: Arc::new(audit),
        policy: policy.sha256,
        serials: serials
            .map(|identity| (identity.peer.clone(), identity.serial.clone()))
            .collect(),
    })
}

impl Kept {
    fn decided<'a>(&'a self, decided: &Decided<'a>) -> audit::Decided<'a> {
        let serial = |peer: &str| self.serials.get(peer).map(String::as_str);
        audit::Decided {
            correlation: decided.correlation,
            request_id: decided.request_id,
            channel: decided.channel,
            message: decided.kind,
            method: named(decided.method),
            selector: named(decided.tool),
            session: decided.session.map(|session| sha256(session.as_bytes())),
            request: decided.request,
            arguments: None,
            policy: audit::Policy {
                generation: GENERATION,
                sha256: self.policy,
                line: line(decided.line),
            },
            identity: audit::Identity {
                generation: u64::from(!self.serials.is_empty()),
                control_plane: serial(CONTROL_PLANE),
                server: serial(decided.channel),
            },
        }
    }
}

impl Records for Kept {
    type Intent = audit::Intent;

    async fn intent(&self, decided: &Decided<'_>) -> Result<audit::Intent, Unrecorded> {
        let recorded = self.audit.intent(&self.decided(decided)).await;
        recorded.map_err(|audit::Unrecorded| Unrecorded)
    }

    fn outcome(&self, intent: audit::Intent, ended: &Ended) {
        let times = ended.times;
        let outcome = audit::Ended {
            verdict: verdict(ended),
            reason: named(ended.reason),
            line: line(ended.line),
            resp_code: ended.reply.ok(),
            answer: ended.answer.map(|answer| Digest {
                bytes: u64::try_from(answer.length).unwrap_or(u64::MAX),
                sha256: answer.sha256,
            }),
            events: ended.events,
            removed: u64::try_from(ended.removed).unwrap_or(u64::MAX),
            dropped: ended.dropped,
            durations: Durations {
                queued: micros(times.queued),
                server: micros(times.server),
                post: micros(times.post),
                total: micros(times.total),
            },
        };
        self.audit.outcome(intent, &outcome);
    }

    fn refusal(&self, decided: &Decided<'_>, refusal: &Refusal) {
        let refusal = audit::Refusal {
            reason: refusal.reason,
            line: line(refusal.line),
            resp_code: None,
        };
        self.audit.refusal(&self.decided(decided), &refusal);
    }

    fn poll_lost(&self, why: &'static str) {
        self.audit.note(&audit::Note {
            kind: audit::NoteKind::PollLost,
            fields: &[("why", audit::Field::Text(why))],
        });
    }
}

/// Why there is no reply says more than what was found of the answer.
fn verdict(ended: &Ended) -> &'static str {
    match (ended.reply, ended.verdict) {
        (Err(why), _) => why,
        (Ok(_), "permit") => "allow",
        (Ok(_), verdict) => verdict,
    }
}

fn named(word: &str) -> Option<&str> {
    (!word.is_empty()).then_some(word)
}

/// Lines count from 1; 0 is none.
fn line(number: u32) -> Option<u32> {
    (number > 0).then_some(number)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
