//! The operator's side and the audit log: what moves the gate is recorded, and a log that cannot be written lowers it.

mod definition;
mod hand;
mod peer;
mod rotation;

use std::time::SystemTime;

use super::Ops;
use super::audit::{Field, Health, Note, NoteKind};
use super::event::{AgentEvent, Event};
use super::gate::{Cause, Hold, Standing};

impl Ops {
    /// Lowers the gate for a cause, and records it.
    pub(crate) fn lower(&self, cause: Cause, reason: &str) {
        self.gate.hold(Hold {
            cause,
            standing: Standing::Lowered,
            reason: reason.to_owned(),
            since: SystemTime::now(),
            by: None,
        });
        let fields = [
            ("cause", Field::Text(cause.label())),
            ("reason", Field::Text(reason)),
        ];
        self.record(NoteKind::Lowered, &fields);
        self.look();
    }

    /// Lets go of the gate for a cause, and records it.
    pub(crate) fn raise(&self, cause: Cause) {
        if self.gate.let_go(cause) {
            self.record(NoteKind::Raised, &[("cause", Field::Text(cause.label()))]);
            self.look();
        }
    }

    /// Follows whether the audit log can be written, until it is dropped. While nothing can be recorded, nothing is forwarded, so nothing is polled.
    pub async fn heed_audit(&self) {
        let Some(audit) = &self.audit else { return };
        let mut health = audit.health();
        loop {
            let now = health.borrow_and_update().clone();
            self.heed(&now);
            if health.changed().await.is_err() {
                return;
            }
        }
    }

    fn heed(&self, health: &Health) {
        match health {
            Health::Writable => {
                self.emit(Event::Agent(AgentEvent::AuditWritable));
                if self.gate.let_go(Cause::Audit) {
                    let cause = ("cause", Field::Text(Cause::Audit.label()));
                    self.record(NoteKind::Raised, &[cause]);
                }
            }
            Health::Spooling { reason } => {
                self.emit(Event::Agent(AgentEvent::AuditSpooling { why: reason }));
                self.gate.let_go(Cause::Audit);
            }
            Health::Failing { reason } => {
                self.emit(Event::Agent(AgentEvent::AuditFailing { why: reason }));
                self.gate.hold(Hold {
                    cause: Cause::Audit,
                    standing: Standing::Lowered,
                    reason: reason.clone(),
                    since: SystemTime::now(),
                    by: None,
                });
            }
        }
    }

    /// Records what an auditor must find about certificates; everything else is left to the log.
    pub(super) fn record_event(&self, event: &Event<'_>) {
        match event {
            Event::Rotation(endpoint, event) => rotation::with_fields(endpoint, event, |fields| {
                self.record(NoteKind::Rotation, fields);
            }),
            Event::Agent(AgentEvent::ClockJumped { seconds }) => {
                let what = ("event", Field::Text("clock.jumped"));
                let by = ("seconds", Field::Number(seconds.unsigned_abs()));
                let back = ("back", Field::Flag(*seconds < 0));
                self.record(NoteKind::Rotation, &[what, by, back]);
            }
            Event::Agent(AgentEvent::PolicyInForce {
                generation,
                sha256,
                before,
                direction,
                changes,
            }) => {
                let changes = u64::try_from(*changes).unwrap_or(u64::MAX);
                let fields = [
                    ("event", Field::Text("policy.published")),
                    ("generation", Field::Number(*generation)),
                    ("sha256", Field::Sha256(*sha256)),
                    ("before", Field::Sha256(*before)),
                    ("direction", Field::Text(direction)),
                    ("changes", Field::Number(changes)),
                ];
                self.record(NoteKind::Reload, &fields);
            }
            Event::Agent(AgentEvent::PolicyTrial { phase, sha256 }) => {
                let what = ("event", Field::Text(phase.label()));
                self.record(
                    NoteKind::Reload,
                    &[what, ("sha256", Field::Sha256(*sha256))],
                );
            }
            Event::Definition(channel, event) => {
                definition::with_fields(channel, event, |fields| {
                    self.record(NoteKind::Pin, fields);
                })
            }
            Event::Peer(endpoint, event) => peer::with_fields(endpoint, event, |fields| {
                self.record(NoteKind::Peer, fields);
            }),
            Event::Agent(_) | Event::Poll(_) | Event::Command(..) | Event::Server(..) => {}
        }
    }

    fn record(&self, kind: NoteKind, fields: &[(&'static str, Field<'_>)]) {
        if let Some(audit) = &self.audit {
            audit.note(&Note { kind, fields });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_cannot_be_written_lowers_the_gate_until_it_can() {
        let ops = Ops::for_tests();
        let reason = "no space".to_owned();
        ops.heed(&Health::Failing {
            reason: reason.clone(),
        });
        assert_eq!(ops.gate.standing(), Standing::Lowered);
        let codes: Vec<&str> = ops
            .readiness()
            .causes
            .iter()
            .map(|cause| cause.code)
            .collect();
        assert!(
            codes.starts_with(&["gate_lowered", "audit_unavailable"]),
            "{codes:?}"
        );
        ops.heed(&Health::Spooling { reason });
        assert_eq!(ops.gate.standing(), Standing::Raised, "calls go on");
        assert!(
            ops.readiness()
                .causes
                .iter()
                .any(|cause| cause.code == "audit_unavailable")
        );
        ops.heed(&Health::Writable);
        assert!(
            ops.readiness()
                .causes
                .iter()
                .all(|cause| cause.code != "audit_unavailable")
        );
    }
}
