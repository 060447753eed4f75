//! What operators asked for, on the record with who they are.

use crate::ops::Ops;
use crate::ops::audit::{Field, NoteKind};
use crate::ops::gate::{Action, Actor, Cause};
use crate::ops::reload::Force;

impl Ops {
    /// Records that an operator moved the gate.
    pub(crate) fn record_move(&self, action: Action, reason: &str, by: Actor) {
        let kind = match action {
            Action::Drop => NoteKind::Lowered,
            Action::Quiesce => NoteKind::Quiesced,
            Action::Raise => NoteKind::Raised,
        };
        let [uid, pid] = who(by);
        let cause = ("cause", Field::Text(Cause::Operator.label()));
        self.record(kind, &[cause, ("reason", Field::Text(reason)), uid, pid]);
    }

    /// Records that an operator asked to read every file again, and what may be overridden.
    pub(crate) fn record_reload(&self, force: Force, by: Actor) {
        let [uid, pid] = who(by);
        let fields = [
            ("by", Field::Text(Cause::Operator.label())),
            ("force_roots", Field::Flag(force.roots)),
            ("allow_identity_change", Field::Flag(force.identity)),
            ("allow_rollback", Field::Flag(force.rollback)),
            uid,
            pid,
        ];
        self.record(NoteKind::Reload, &fields);
    }

    /// Records that an operator asked for a trial of a policy for so many seconds, or for its end.
    pub(crate) fn record_trial(&self, seconds: Option<u64>, by: Actor) {
        let [uid, pid] = who(by);
        let event = match seconds {
            Some(_) => "policy.trial_asked",
            None => "policy.trial_end_asked",
        };
        let fields = [
            ("by", Field::Text(Cause::Operator.label())),
            ("event", Field::Text(event)),
            ("seconds", Field::Number(seconds.unwrap_or_default())),
            uid,
            pid,
        ];
        self.record(NoteKind::Reload, &fields);
    }
}

/// A process that the kernel does not name is 0.
fn who(by: Actor) -> [(&'static str, Field<'static>); 2] {
    let pid = by.pid.and_then(|pid| u64::try_from(pid).ok());
    [
        ("uid", Field::Number(by.uid.into())),
        ("pid", Field::Number(pid.unwrap_or_default())),
    ]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use super::*;
    use crate::ops::Settings;
    use crate::ops::audit::{Audit, Terms};
    use crate::ops::log::Handle;

    #[test]
    fn a_move_by_hand_is_on_the_record_with_who_made_it() {
        let (audit, memory) = Audit::in_memory(Terms::default()).unwrap();
        let audit = Arc::new(audit);
        let kept = Some(Arc::clone(&audit));
        let ops = Ops::new(Settings::for_tests(), Handle::default(), kept);
        let by = Actor {
            uid: 41,
            pid: Some(42),
        };
        ops.record_move(Action::Drop, "a drill", by);
        audit.flush();
        let text = memory.records().join("\n");
        for part in ["lowered", "operator", "a drill", "41", "42"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
