//! What the clock alone does to the identity in use: told once for each stage, and the gate follows.

use std::time::{Duration, SystemTime};

use super::Rotor;
use crate::ops::event::RotationEvent;
use crate::ops::gate::{Cause, Hold, Standing};
use crate::rotate::expiry::Stage;
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
        let stage = validity.map_or(Stage::Fresh, |validity| Stage::of(validity, now));
        let before = self.told.stage.replace(stage).unwrap_or(Stage::Fresh);
        if stage == before || self.told.revoked {
            return;
        }
        match (stage.bar(), stage.alarm(), validity) {
            (Some(reason), ..) => self.bar(reason),
            (None, Some(stage), Some((_, not_after))) => {
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

    /// How long until the stage changes at the latest; nothing without an identity.
    pub(super) fn next_stage(&self, now: SystemTime) -> Option<Duration> {
        let (not_before, not_after) = self.endpoint.validity()?;
        let end = not_after + Duration::from_secs(1);
        let next = [not_before, end].into_iter();
        next.filter_map(|moment| moment.duration_since(now).ok())
            .filter(|left| !left.is_zero())
            .min()
    }

    fn bar(&self, reason: &'static str) {
        self.tell(RotationEvent::Unusable { reason });
        self.hold(reason);
    }

    fn unbar(&self, before: Stage) {
        if before.bar().is_some() {
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
