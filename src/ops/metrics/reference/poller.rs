//! What the reference counts of polling.

use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::super::labels::one;
use super::super::{Counters, Histograms};
use crate::ops::event::{CommandEvent, PollEvent, PollFault};

const SECONDS: [f64; 13] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];

/// Polls and what they bring.
#[derive(Debug)]
pub(in super::super) struct Poller {
    polled: Counter,
    enqueued: Counter,
    cycles: Counter,
    latency: Histograms,
    errors: Counters,
    drops: Counters,
    age: Histogram,
    last_success: Gauge<f64, AtomicU64>,
}

impl Poller {
    pub(in super::super) fn register(to: &mut Registry) -> Self {
        let new = Self {
            polled: Counter::default(),
            enqueued: Counter::default(),
            cycles: Counter::default(),
            latency: Family::new_with_constructor(seconds),
            errors: Counters::default(),
            drops: Counters::default(),
            age: seconds(),
            last_success: Gauge::default(),
        };
        let polled = "Commands the control plane handed over";
        to.register("commands_polled", polled, new.polled.clone());
        let enqueued = "Commands taken on";
        to.register("commands_enqueued", enqueued, new.enqueued.clone());
        let cycles = "Polls answered or failed";
        to.register("commands_poll_cycles", cycles, new.cycles.clone());
        let latency = "Time of a poll";
        to.register(
            "commands_poll_latency_seconds",
            latency,
            new.latency.clone(),
        );
        let errors = "Polls that failed";
        to.register("commands_poll_errors", errors, new.errors.clone());
        let drops = "Commands not taken on";
        to.register("commands_queue_drops", drops, new.drops.clone());
        let age = "From the creation of a command to its receipt";
        to.register("commands_age_seconds", age, new.age.clone());
        let last = "When a poll was last answered, in Unix time; 0 for never";
        let name = "commands_poll_last_successful_timestamp_seconds";
        to.register(name, last, new.last_success.clone());
        new
    }

    pub(in super::super) fn poll(&self, event: &PollEvent<'_>) {
        match *event {
            PollEvent::Answered { elements, took } => {
                let elements = u64::try_from(elements).unwrap_or(u64::MAX);
                self.polled.inc_by(elements);
                self.took(took, "false");
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                self.last_success.set(now.unwrap_or_default().as_secs_f64());
            }
            PollEvent::Failed(failure) => {
                self.took(failure.took, "true");
                let kind = match failure.fault {
                    PollFault::Timeout => "timeout",
                    PollFault::Unauthorized
                    | PollFault::Forbidden
                    | PollFault::Status(_)
                    | PollFault::Transport
                    | PollFault::Body => "other",
                };
                self.errors.get_or_create(&one("error_kind", kind)).inc();
            }
            PollEvent::Started { .. } | PollEvent::Paused(_) | PollEvent::Stopped => {}
        }
    }

    fn took(&self, took: Duration, error: &'static str) {
        self.cycles.inc();
        let latency = self.latency.get_or_create(&one("error", error));
        latency.observe(took.as_secs_f64());
    }

    pub(in super::super) fn command(&self, event: &CommandEvent<'_>) {
        if let CommandEvent::Queued { age } = event {
            self.enqueued.inc();
            if let Some(age) = age {
                self.age.observe(age.as_secs_f64());
            }
        } else if let CommandEvent::Unusable { .. } = event {
            self.drop_for("invalid_command_type");
        } else if let CommandEvent::Overflow = event {
            self.drop_for("queue_full");
        }
    }

    fn drop_for(&self, reason: &'static str) {
        self.drops.get_or_create(&one("drop_reason", reason)).inc();
    }
}

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}
