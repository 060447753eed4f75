//! What the clock alone does to the identity in use: told once for each stage, and the gate follows.

use std::time::{Duration, SystemTime};

use super::Rotor;
use portcullis_certs::Validity;
use portcullis_certs::renew::{self, Stage};

use crate::ops::event::RotationEvent;
use crate::ops::gate::{Cause, Hold, Standing};
use crate::rotate::port::Endpoint;

/// What was told last.
#[derive(Debug, Default)]
pub(super) struct Told {
    stage: Option<Stage>,
    revoked: bool,
}

impl<E: Endpoint> Rotor<E> {
    /// Tells what changed since the last look.
    pub(super) fn look(&mut self) {
        let now = (self.terms.wall)();
        let validity = self.endpoint.validity();
        let stage = validity.map_or(Stage::Fresh, |validity| renew::stage(validity, now));
        let before = self.told.stage.replace(stage).unwrap_or(Stage::Fresh);
        if stage == before || self.told.revoked {
            return;
        }
        match (bar(stage), alarm(stage), validity) {
            (Some(reason), ..) => self.barred(reason),
            (None, Some(stage), Some(Validity { not_after, .. })) => {
                self.unbar(before);
                self.tell(RotationEvent::Expiring { stage, not_after });
            }
            (None, ..) => self.unbar(before),
        }
    }

    /// The identity in use was revoked: nothing may be sent under it, however long it would be valid.
    pub(super) fn revoked(&mut self, connections: usize) {
        self.told.revoked = true;
        self.tell(RotationEvent::Revoked { connections });
        self.hold("identity_revoked");
    }

    /// Another identity is in use.
    pub(super) fn renewed(&mut self) {
        if std::mem::take(&mut self.told.revoked) {
            self.let_go();
        }
    }

    /// How long until the stage changes; nothing without an identity, and after its end.
    pub(super) fn next_stage(&self, now: SystemTime) -> Option<Duration> {
        let next = renew::next_look(self.endpoint.validity()?, now)?;
        next.duration_since(now).ok()
    }

    fn barred(&self, reason: &'static str) {
        self.tell(RotationEvent::Unusable { reason });
        self.hold(reason);
    }

    fn unbar(&self, before: Stage) {
        if bar(before).is_some() {
            self.tell(RotationEvent::Usable);
            self.let_go();
        }
    }

    /// Without the control plane nothing can be answered, so nothing is taken; of a channel only its own calls fail.
    fn hold(&self, reason: &str) {
        if self.endpoint.is_vital() {
            self.ops.gate.hold(Hold {
                cause: Cause::Identity,
                standing: Standing::Lowered,
                reason: reason.to_owned(),
                since: (self.terms.wall)(),
                by: None,
            });
        }
    }

    fn let_go(&self) {
        if self.endpoint.is_vital() {
            self.ops.gate.let_go(Cause::Identity);
        }
    }
}

/// The word of a stage that is an alarm.
const fn alarm(stage: Stage) -> Option<&'static str> {
    match stage {
        Stage::Due => Some("due"),
        Stage::Late => Some("late"),
        Stage::Critical => Some("critical"),
        Stage::Early | Stage::Fresh | Stage::Expired => None,
    }
}

/// Why an identity at this stage may not be used.
const fn bar(stage: Stage) -> Option<&'static str> {
    match stage {
        Stage::Expired => Some("identity_expired"),
        Stage::Early => Some("identity_not_yet_valid"),
        Stage::Fresh | Stage::Due | Stage::Late | Stage::Critical => None,
    }
}
