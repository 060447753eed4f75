//! Handshakes, refusals and alerts, counted as they happen. The label `profile` is the endpoint: `control plane` or a channel.

use prometheus_client::registry::Registry;

use super::Counters;
use super::labels::{Labels, Word, one};
use crate::ops::event::{HandshakeFacts, PeerEvent};

#[derive(Debug, Default)]
pub(super) struct Peers {
    handshakes: Counters,
    issuers: Counters,
    refusals: Counters,
    alerts: Counters,
    unasked: Counters,
}

impl Peers {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let new = Self::default();
        let to = registry.sub_registry_with_prefix("portcullis");
        for (name, help, counters) in [
            (
                "tls_handshakes",
                "Handshakes with peers; `resumed` must stay `false`",
                &new.handshakes,
            ),
            (
                "peer_issuer_handshakes",
                "Handshakes by who issued the certificate of the peer",
                &new.issuers,
            ),
            (
                "tls_refusals",
                "Handshakes that failed, by why; nothing was sent",
                &new.refusals,
            ),
            (
                "tls_alert_received",
                "Alerts that peers sent after the handshake was over for us",
                &new.alerts,
            ),
            (
                "tls_unasked",
                "Handshakes in which the server did not ask for the client certificate",
                &new.unasked,
            ),
        ] {
            to.register(name, help, counters.clone());
        }
        new
    }

    pub(super) fn note(&self, profile: &str, event: &PeerEvent<'_>) {
        match *event {
            PeerEvent::Handshake(facts) => self.handshake(profile, &facts),
            PeerEvent::Refused { reason, .. } => count(&self.refusals, profile, ("reason", reason)),
            PeerEvent::Unasked { .. } => {
                let profile = one("profile", profile.to_owned());
                self.unasked.get_or_create(&profile).inc();
            }
            PeerEvent::Alerted { alert, .. } => count(&self.alerts, profile, ("alert", alert)),
        }
    }

    fn handshake(&self, profile: &str, facts: &HandshakeFacts<'_>) {
        let resumed = if facts.resumed { "true" } else { "false" };
        let labels: Labels = vec![
            ("profile", profile.to_owned().into()),
            ("version", facts.version.into()),
            ("group", facts.group.to_owned().into()),
            ("resumed", resumed.into()),
        ];
        self.handshakes.get_or_create(&labels).inc();
        count(
            &self.issuers,
            profile,
            ("fp", Word::from(facts.issuer.to_owned())),
        );
    }
}

fn count(counters: &Counters, profile: &str, of: (&'static str, impl Into<Word>)) {
    let profile = one("profile", profile.to_owned());
    let labels = [profile, one(of.0, of.1)].concat();
    counters.get_or_create(&labels).inc();
}
