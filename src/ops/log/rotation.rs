//! The lines of rotation: what an operator greps for when a certificate does not take.

use std::time::SystemTime;

use tracing::{debug, error, info, warn};

use crate::ops::audit::rfc3339;
use crate::ops::event::RotationEvent;
use crate::ops::state::Generation;

/// Writes the line of an event at this endpoint.
pub(super) fn write(endpoint: &str, event: &RotationEvent<'_>) {
    match *event {
        RotationEvent::Triggered { trigger } => debug!(endpoint, trigger, "reading files again"),
        RotationEvent::Unchanged { trigger } => debug!(endpoint, trigger, "nothing changed"),
        RotationEvent::Rejected {
            is_news: false,
            trigger,
            ..
        } => {
            debug!(endpoint, trigger, "rejected again");
        }
        RotationEvent::Rejected {
            reasons,
            detail,
            trigger,
            retry_in,
            ..
        } => {
            let (reasons, retry_in_ms) = (reasons.join(","), retry_in.as_millis());
            error!(
                endpoint,
                trigger,
                reasons,
                detail,
                retry_in_ms,
                "rejected new files; the old ones stay in use"
            );
        }
        RotationEvent::Pending {
            until,
            leaves_a_gap: true,
        } => {
            error!(
                endpoint,
                until = stamp(until),
                "the new certificate is not valid before the old one ends"
            );
        }
        RotationEvent::Pending {
            until,
            leaves_a_gap: false,
        } => {
            info!(
                endpoint,
                until = stamp(until),
                "the new certificate waits until it is valid"
            );
        }
        RotationEvent::Validated { next, warnings, .. } => {
            let warnings = warnings.join(",");
            debug!(
                endpoint,
                generation = next.number,
                warnings,
                "new files are right"
            );
        }
        RotationEvent::Canary {
            result: result @ ("passed" | "skipped"),
            why,
        } => info!(endpoint, result, why, "tried the new certificate"),
        RotationEvent::Canary { result, why } => {
            warn!(endpoint, result, why, "tried the new certificate")
        }
        RotationEvent::Published { trigger, now, took } => published(endpoint, trigger, now, took),
        RotationEvent::DrainStarted {
            generation,
            connections,
        } => {
            debug!(
                endpoint,
                generation, connections, "finishing what the old certificate began"
            );
        }
        RotationEvent::DrainEnded {
            generation,
            forced: 0,
            took,
        } => {
            debug!(
                endpoint,
                generation,
                took_ms = took.as_millis(),
                "the old certificate is gone"
            );
        }
        RotationEvent::DrainEnded {
            generation,
            forced,
            took,
        } => {
            warn!(
                endpoint,
                generation,
                forced,
                took_ms = took.as_millis(),
                "cut connections of the old certificate"
            );
        }
        RotationEvent::Expiring {
            stage: "due",
            not_after,
        } => {
            warn!(
                endpoint,
                not_after = stamp(not_after),
                "the certificate is due for renewal"
            );
        }
        RotationEvent::Expiring { stage, not_after } => {
            error!(
                endpoint,
                stage,
                not_after = stamp(not_after),
                "the certificate ends soon"
            );
        }
        RotationEvent::Unusable { reason } => error!(
            endpoint,
            reason, "the certificate cannot be used now; nothing is sent"
        ),
        RotationEvent::Usable => info!(endpoint, "the certificate can be used again"),
        RotationEvent::Revoked { connections } => error!(
            endpoint,
            connections, "the certificate in use was revoked; its connections were cut"
        ),
        RotationEvent::PeerRevoked { connections } => error!(
            endpoint,
            connections, "a server was revoked; its connections were cut"
        ),
        RotationEvent::SecretRefused { status } => error!(
            endpoint,
            status, "the service refuses the secret since it changed; put the right one in place"
        ),
    }
}

/// Writes whether validity is judged by a clock that can be believed.
pub(super) fn clock(synchronised: Option<bool>) {
    match synchronised {
        Some(true) => info!("the clock follows a time server"),
        Some(false) => warn!(
            "the clock does not follow a time server: validity is judged by a clock that may be wrong"
        ),
        None => debug!("nobody can tell whether the clock follows a time server"),
    }
}

fn published(endpoint: &str, trigger: &str, now: &Generation, took: std::time::Duration) {
    let (serial, not_after) = now
        .identity
        .as_ref()
        .map_or_else(Default::default, |identity| {
            (identity.serial.as_str(), stamp(identity.not_after))
        });
    let (generation, took_ms) = (now.number, took.as_millis());
    info!(
        endpoint,
        trigger, generation, serial, not_after, took_ms, "in use now"
    );
}

fn stamp(moment: SystemTime) -> String {
    let since = moment
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    rfc3339(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}
