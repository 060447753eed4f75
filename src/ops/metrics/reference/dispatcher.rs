//! What the reference counts of commands on their way.

use std::time::Duration;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::super::labels::{Known, Labels, Word, method};
use super::super::{Counters, Histograms};
use crate::ops::event::CommandEvent;

const MILLISECONDS: [f64; 15] = [
    1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1e3, 2.5e3, 5e3, 1e4, 3e4, 1.2e5,
];

/// Commands that wait, that are carried out, and that were replied to.
#[derive(Debug)]
pub(in super::super) struct Dispatcher {
    queue: Gauge,
    running: Gauge,
    latency: Histograms,
    unsupported: Counters,
}

impl Dispatcher {
    pub(in super::super) fn register(to: &mut Registry) -> Self {
        let new = Self {
            queue: Gauge::default(),
            running: Gauge::default(),
            latency: Family::new_with_constructor(milliseconds),
            unsupported: Counters::default(),
        };
        let queue = "Commands that wait for their channel's turn";
        to.register("commands_queue_length", queue, new.queue.clone());
        let running = "Commands being carried out";
        to.register(
            "dispatcher_worker_pool_occupancy",
            running,
            new.running.clone(),
        );
        let latency = "Time of a command that was replied to";
        to.register(
            "command_end_to_end_latency_milliseconds",
            latency,
            new.latency.clone(),
        );
        let unsupported = "Commands for a channel nothing is bound to";
        to.register(
            "command_unsupported_channel",
            unsupported,
            new.unsupported.clone(),
        );
        new
    }

    pub(in super::super) fn command(&self, channel: Word, event: &CommandEvent<'_>, known: &Known) {
        self.moved(event);
        if let CommandEvent::Refused {
            reason: "channel_not_listed",
            ..
        } = event
        {
            let labels = vec![("tunnel_id", known.tunnel()), ("channel", channel)];
            self.unsupported.get_or_create(&labels).inc();
        } else if let CommandEvent::Replied {
            code,
            kind,
            method: name,
            times,
        } = *event
        {
            let mut labels = vec![
                ("latency_type", "poll_to_response".into()),
                ("tunnel_id", known.tunnel()),
                ("tunnel_service_status", Word::Status(code)),
                ("request_kind", kind.label().into()),
                ("request_method", method(name).into()),
                ("channel", channel),
            ];
            // Skipped when the time is not known (DM-001, DM-003).
            if let Some(time) = times.since_creation {
                self.took(&labels, time);
            }
            if let Some((_, latency_type)) = labels.first_mut() {
                *latency_type = "enqueue_to_response".into();
            }
            self.took(&labels, times.since_receipt);
        }
    }

    fn moved(&self, event: &CommandEvent<'_>) {
        if let CommandEvent::Queued { .. } = event {
            self.queue.inc();
        } else if let CommandEvent::Began { .. } = event {
            self.queue.dec();
            self.running.inc();
        } else if let CommandEvent::Left { began } = event {
            let left = if *began { &self.running } else { &self.queue };
            left.dec();
        }
    }

    fn took(&self, labels: &Labels, time: Duration) {
        let latency = self.latency.get_or_create(labels);
        latency.observe(time.as_secs_f64() * 1e3);
    }
}

fn milliseconds() -> Histogram {
    Histogram::new(MILLISECONDS)
}
