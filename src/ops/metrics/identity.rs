//! What is in use at each endpoint, read off the generation that is published, and off no file.

use std::sync::atomic::AtomicU64;
use std::time::SystemTime;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::Gauges;
use super::labels::{Labels, one};
use super::{unix, whole};
use crate::ops::state::{Endpoint, Generation, Inputs};

type Moments = Family<Labels, Gauge<f64, AtomicU64>>;

#[derive(Debug, Default)]
pub(super) struct Identities {
    not_after: Moments,
    not_before: Moments,
    loaded: Moments,
    generation: Gauges,
    facts: Gauges,
    failures: Gauges,
    last_success: Moments,
    crl: Moments,
    anchors: Moments,
    watching: Gauges,
    synchronised: Gauge,
}

impl Identities {
    pub(super) fn register(&self, to: &mut Registry) {
        for (name, help, moments) in [
            (
                "identity_not_after_timestamp",
                "When the client certificate in use ends, in Unix time",
                &self.not_after,
            ),
            (
                "identity_not_before_timestamp",
                "When the client certificate in use began, in Unix time",
                &self.not_before,
            ),
            (
                "identity_loaded_timestamp",
                "When what is in use was put in use, in Unix time",
                &self.loaded,
            ),
            (
                "rotation_last_success_timestamp",
                "When new files were last put in use, in Unix time",
                &self.last_success,
            ),
            (
                "crl_next_update_timestamp",
                "When the first revocation list has to be replaced, in Unix time",
                &self.crl,
            ),
            (
                "trust_anchor_not_after_timestamp",
                "When a private root ends, in Unix time",
                &self.anchors,
            ),
        ] {
            to.register(name, help, moments.clone());
        }
        for (name, help, gauges) in [
            (
                "identity_generation",
                "Which generation since the start is in use, from 1",
                &self.generation,
            ),
            (
                "identity_info",
                "The client certificate in use, with the value 1",
                &self.facts,
            ),
            (
                "rotation_consecutive_failures",
                "Rejections in a row",
                &self.failures,
            ),
            (
                "watcher_alive",
                "1 while changes of files are told as they happen",
                &self.watching,
            ),
        ] {
            to.register(name, help, gauges.clone());
        }
        to.register(
            "clock_synchronised",
            "1 while the clock of the day follows a time server, 0 while it does not, -1 if nobody can tell",
            self.synchronised.clone(),
        );
    }

    pub(super) fn set(&self, inputs: &Inputs) {
        self.facts.clear();
        self.anchors.clear();
        for endpoint in &inputs.endpoints {
            self.endpoint(endpoint);
        }
        let alive = inputs.watching.unwrap_or_default();
        let labels = one("kind", "files");
        self.watching.get_or_create(&labels).set(alive.into());
        self.synchronised
            .set(inputs.synchronised.map_or(-1, i64::from));
    }

    fn endpoint(&self, endpoint: &Endpoint) {
        let labels = one("profile", endpoint.name.clone());
        let failures = self.failures.get_or_create(&labels);
        failures.set(endpoint.failures.into());
        drop(failures);
        if let Some(generation) = &endpoint.generation {
            self.generation(&labels, generation);
        }
    }

    fn generation(&self, labels: &Labels, generation: &Generation) {
        let at = |family: &Moments, moment: SystemTime| {
            family.get_or_create(labels).set(unix(moment));
        };
        self.generation
            .get_or_create(labels)
            .set(whole(generation.number));
        at(&self.loaded, generation.loaded);
        at(&self.last_success, generation.loaded);
        if let Some(moment) = generation.crl_next_update {
            at(&self.crl, moment);
        }
        for anchor in &generation.anchors {
            let fp = [labels.as_slice(), &one("fp", anchor.sha256.clone())].concat();
            self.anchors.get_or_create(&fp).set(unix(anchor.not_after));
        }
        if let Some(identity) = &generation.identity {
            at(&self.not_after, identity.not_after);
            at(&self.not_before, identity.not_before);
            let facts = [
                labels.as_slice(),
                &one("serial", identity.serial.clone()),
                &one("issuer", identity.issuer.clone()),
                &one("fp", identity.sha256.clone()),
                &one("spki_fp", identity.spki.clone()),
            ];
            self.facts.get_or_create(&facts.concat()).set(1);
        }
    }
}
