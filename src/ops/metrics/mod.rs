//! Numbers for Prometheus: those of the reference under its names, and ours under `portcullis_`.
//!
//! Promises: every label comes from a fixed list or from the configuration; what a caller can choose is mapped to a known word or `other` (W-03).
//! Names, labels and what to alert on: `docs/operations.md`.

mod identity;
mod labels;
mod own;
mod peers;
mod records;
mod reference;
mod render;
mod rotation;
#[cfg(test)]
mod tests;
mod traffic;

use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

pub use self::labels::Known;
use self::labels::Labels;
use self::own::Own;
use self::peers::Peers;
use self::reference::{Dispatcher, Poller};
pub use self::render::Facts;
use self::rotation::Rotation;
use super::event::{AgentEvent, Event, PollEvent};

type Counters = Family<Labels, Counter>;
type Gauges = Family<Labels, Gauge>;
type Histograms = Family<Labels, Histogram>;

/// Every metric of the agent.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    known: Known,
    poller: Poller,
    dispatcher: Dispatcher,
    own: Own,
    rotation: Rotation,
    peers: Peers,
    facts: render::Gauges,
}

impl Metrics {
    /// All of them at zero, labelled with what is known at start.
    #[must_use]
    pub fn new(known: Known) -> Self {
        let mut registry = Registry::default();
        Self {
            poller: Poller::register(&mut registry),
            dispatcher: Dispatcher::register(&mut registry),
            own: Own::register(&mut registry),
            rotation: Rotation::register(&mut registry),
            peers: Peers::register(&mut registry),
            facts: render::Gauges::register(&mut registry),
            registry,
            known,
        }
    }

    /// Counts an event.
    pub fn note(&self, event: &Event<'_>) {
        match *event {
            Event::Poll(ref event) => self.poll(event),
            Event::Command(call, ref event) => {
                let channel = self.known.channel(call.channel);
                self.own.command(&channel, event);
                self.poller.command(event);
                self.dispatcher.command(channel, event, &self.known);
            }
            Event::Definition(channel, ref event) => {
                self.own.definition(self.known.channel(channel), event);
            }
            Event::Rotation(endpoint, ref event) => self.rotation.note(endpoint, event),
            Event::Peer(endpoint, ref event) => self.peers.note(endpoint, event),
            Event::Agent(AgentEvent::WatchOverflow) => self.rotation.overflow(),
            Event::Server(..) | Event::Agent(_) => {}
        }
    }

    fn poll(&self, event: &PollEvent<'_>) {
        self.poller.poll(event);
        self.own.poll(event);
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unix(moment: SystemTime) -> f64 {
    moment
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
}
