//! The audit notes of rotation, one for each event of the list that an auditor asks for.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::ops::audit::Field;
use crate::ops::event::RotationEvent;
use crate::ops::state::Generation;

type Fields<'a> = Vec<(&'static str, Field<'a>)>;

/// Hands the facts of the event to `record`; what only repeats is no fact.
pub(super) fn with_fields(
    endpoint: &str,
    event: &RotationEvent<'_>,
    record: impl Fn(&[(&'static str, Field<'_>)]),
) {
    let head = |what| {
        vec![
            ("event", Field::Text(what)),
            ("endpoint", Field::Text(endpoint)),
        ]
    };
    let and = |what, fields: &[(&'static str, Field<'_>)]| record(&[&head(what), fields].concat());
    match *event {
        RotationEvent::Rejected { is_news: false, .. }
        | RotationEvent::Triggered { .. }
        | RotationEvent::Unchanged { .. } => {}
        RotationEvent::Rejected {
            trigger, reasons, ..
        } => {
            let reasons = reasons.join(",");
            and(
                "rotation.rejected",
                &[text("trigger", trigger), text("reasons", &reasons)],
            );
        }
        RotationEvent::Pending {
            until,
            leaves_a_gap,
        } => and(
            "identity.pending",
            &[("until", moment(until)), ("gap", Field::Flag(leaves_a_gap))],
        ),
        RotationEvent::Validated {
            trigger,
            next,
            warnings,
        } => {
            let warnings = warnings.join(",");
            let told = [text("trigger", trigger), text("warnings", &warnings)];
            record(&[head("rotation.validated"), told.to_vec(), of(next)].concat());
        }
        RotationEvent::Canary { result, why } => {
            and(
                "rotation.canary",
                &[text("result", result), text("why", why)],
            );
        }
        RotationEvent::Published { trigger, now, .. } => {
            let told = vec![text("trigger", trigger)];
            record(&[head("rotation.published"), told, of(now)].concat());
        }
        RotationEvent::DrainStarted {
            generation,
            connections,
        } => and(
            "rotation.drain_started",
            &[
                number("generation", generation),
                count("connections", connections),
            ],
        ),
        RotationEvent::DrainEnded {
            generation,
            forced,
            took,
        } => {
            let what = if forced == 0 {
                "rotation.drain_completed"
            } else {
                "rotation.drain_forced"
            };
            let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            and(
                what,
                &[
                    number("generation", generation),
                    count("forced", forced),
                    number("ms", ms),
                ],
            );
        }
        RotationEvent::Expiring { stage, not_after } => and(
            "identity.expiring",
            &[text("stage", stage), ("not_after", moment(not_after))],
        ),
        RotationEvent::Unusable {
            reason: "identity_expired",
        } => and("identity.expired", &[]),
        RotationEvent::Unusable { reason } => and("identity.unusable", &[text("reason", reason)]),
        RotationEvent::Usable => and("identity.usable", &[]),
        RotationEvent::Revoked { connections } => {
            and("identity.revoked", &[count("connections", connections)]);
        }
        RotationEvent::PeerRevoked { connections } => {
            and("crl.updated", &[count("connections", connections)]);
        }
        RotationEvent::SecretRefused { status } => {
            and("secret.refused", &[number("status", status.into())]);
        }
    }
}

/// What names a generation; never a path, never anything of a key.
fn of(generation: &Generation) -> Fields<'_> {
    let mut fields = vec![
        number("generation", generation.number),
        count("roots", generation.anchors.len()),
    ];
    if let Some(identity) = &generation.identity {
        fields.extend([
            text("serial", &identity.serial),
            text("issuer", &identity.issuer),
            text("certificate", &identity.sha256),
            text("public_key", &identity.spki),
            ("not_before", moment(identity.not_before)),
            ("not_after", moment(identity.not_after)),
        ]);
    }
    fields
}

const fn text<'a>(name: &'static str, text: &'a str) -> (&'static str, Field<'a>) {
    (name, Field::Text(text))
}

const fn number<'a>(name: &'static str, number: u64) -> (&'static str, Field<'a>) {
    (name, Field::Number(number))
}

fn count<'a>(name: &'static str, count: usize) -> (&'static str, Field<'a>) {
    number(name, u64::try_from(count).unwrap_or(u64::MAX))
}

/// Seconds of Unix time.
fn moment<'a>(moment: SystemTime) -> Field<'a> {
    Field::Number(
        moment
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs(),
    )
}
