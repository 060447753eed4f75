//! Rotations and drains, counted as they happen. The label `profile` is the endpoint: `control plane` or a channel.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::labels::{Labels, one};
use super::{Counters, Histograms};
use crate::ops::event::RotationEvent;

/// Bounds in seconds: from a signal that is followed at once to a poll of a minute.
const SECONDS: [f64; 10] = [0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 15.0, 30.0, 65.0];

#[derive(Debug)]
pub(super) struct Rotation {
    rotations: Counters,
    publish_seconds: Histograms,
    canaries: Counters,
    drain_seconds: Histograms,
    forced: Counter,
    revoked: Counter,
    overflows: Counter,
}

impl Rotation {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let new = Self {
            rotations: Counters::default(),
            publish_seconds: Histograms::new_with_constructor(|| Histogram::new(SECONDS)),
            canaries: Counters::default(),
            drain_seconds: Histograms::new_with_constructor(|| Histogram::new(SECONDS)),
            forced: Counter::default(),
            revoked: Counter::default(),
            overflows: Counter::default(),
        };
        new.register_rotations(registry.sub_registry_with_prefix("portcullis"));
        new.register_alarms(registry.sub_registry_with_prefix("portcullis"));
        new
    }

    fn register_rotations(&self, to: &mut Registry) {
        to.register(
            "rotation",
            "Times that files of certificates, roots and secrets were judged, by what asked for it and what came of it",
            self.rotations.clone(),
        );
        to.register(
            "rotation_publish_seconds",
            "From the event that asked for it until the new files were in use",
            self.publish_seconds.clone(),
        );
        to.register(
            "rotation_canary",
            "Candidates tried with one harmless request, by result",
            self.canaries.clone(),
        );
        to.register(
            "drain_seconds",
            "From a rotation until nothing of the old generation was left",
            self.drain_seconds.clone(),
        );
        to.register(
            "drain_forced",
            "Connections of old generations that were cut because the time was over",
            self.forced.clone(),
        );
    }

    fn register_alarms(&self, to: &mut Registry) {
        to.register(
            "crl_revoked_connections",
            "Connections cut because one side was revoked",
            self.revoked.clone(),
        );
        to.register(
            "watcher_overflow",
            "Times that too many files changed at once to be told of each",
            self.overflows.clone(),
        );
    }

    pub(super) fn note(&self, profile: &str, event: &RotationEvent<'_>) {
        match *event {
            RotationEvent::Unchanged { trigger } => {
                self.judged(profile, trigger, ("unchanged", ""));
            }
            RotationEvent::Rejected {
                trigger, reasons, ..
            } => {
                for reason in reasons {
                    self.judged(profile, trigger, ("rejected", reason));
                }
            }
            RotationEvent::Published { trigger, took, .. } => {
                self.judged(profile, trigger, ("published", ""));
                time(&self.publish_seconds, profile, took);
            }
            RotationEvent::Canary { result, .. } => {
                self.canaries.get_or_create(&one("result", result)).inc();
            }
            RotationEvent::DrainEnded { forced, took, .. } => {
                self.forced
                    .inc_by(u64::try_from(forced).unwrap_or(u64::MAX));
                time(&self.drain_seconds, profile, took);
            }
            RotationEvent::Revoked { connections } | RotationEvent::PeerRevoked { connections } => {
                self.revoked
                    .inc_by(u64::try_from(connections).unwrap_or(u64::MAX));
            }
            RotationEvent::Pending { .. } => self.judged(profile, "", ("pending", "")),
            RotationEvent::Triggered { .. }
            | RotationEvent::Validated { .. }
            | RotationEvent::DrainStarted { .. }
            | RotationEvent::Expiring { .. }
            | RotationEvent::Unusable { .. }
            | RotationEvent::Usable
            | RotationEvent::SecretRefused { .. } => {}
        }
    }

    pub(super) fn overflow(&self) {
        self.overflows.inc();
    }

    fn judged(&self, profile: &str, trigger: &'static str, ended: (&'static str, &'static str)) {
        let labels: Labels = vec![
            ("profile", profile.to_owned().into()),
            ("trigger", trigger.into()),
            ("result", ended.0.into()),
            ("reason", ended.1.into()),
        ];
        self.rotations.get_or_create(&labels).inc();
    }
}

fn time(family: &Histograms, profile: &str, took: Duration) {
    let labels = one("profile", profile.to_owned());
    family.get_or_create(&labels).observe(took.as_secs_f64());
}
