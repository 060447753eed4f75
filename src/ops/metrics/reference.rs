//! The metrics of the reference client, under its names and with its labels and units, as scraped.

use std::borrow::Cow;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::labels::{Known, Labels, method, one};
use super::{Counters, Histograms};
use crate::ops::event::{CallKind, CommandEvent, PollEvent, PollFault};

const SECONDS: [f64; 13] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];
const MILLISECONDS: [f64; 15] = [
    1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1e3, 2.5e3, 5e3, 1e4, 3e4, 1.2e5,
];

/// Poller and dispatcher.
#[derive(Debug)]
pub(super) struct Reference {
    polled: Counter,
    enqueued: Counter,
    cycles: Counter,
    poll_latency: Histograms,
    poll_errors: Counters,
    drops: Counters,
    age: Histogram,
    last_success: Gauge<f64, AtomicU64>,
    queue: Gauge,
    running: Gauge,
    latency: Histograms,
    unsupported: Counters,
}

impl Reference {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let new = Self {
            polled: Counter::default(),
            enqueued: Counter::default(),
            cycles: Counter::default(),
            poll_latency: Family::new_with_constructor(seconds),
            poll_errors: Counters::default(),
            drops: Counters::default(),
            age: seconds(),
            last_success: Gauge::default(),
            queue: Gauge::default(),
            running: Gauge::default(),
            latency: Family::new_with_constructor(milliseconds),
            unsupported: Counters::default(),
        };
        new.register_poller(registry);
        new.register_dispatcher(registry);
        new
    }

    fn register_poller(&self, to: &mut Registry) {
        to.register(
            "commands_polled",
            "Commands the control plane handed over",
            self.polled.clone(),
        );
        to.register(
            "commands_enqueued",
            "Commands taken on",
            self.enqueued.clone(),
        );
        to.register(
            "commands_poll_cycles",
            "Polls answered or failed",
            self.cycles.clone(),
        );
        to.register(
            "commands_poll_latency_seconds",
            "Time of a poll",
            self.poll_latency.clone(),
        );
        to.register(
            "commands_poll_errors",
            "Polls that failed",
            self.poll_errors.clone(),
        );
        to.register(
            "commands_queue_drops",
            "Commands not taken on",
            self.drops.clone(),
        );
        to.register(
            "commands_age_seconds",
            "From the creation of a command to its receipt",
            self.age.clone(),
        );
        to.register(
            "commands_poll_last_successful_timestamp_seconds",
            "When a poll was last answered, in Unix time; 0 for never",
            self.last_success.clone(),
        );
    }

    fn register_dispatcher(&self, to: &mut Registry) {
        to.register(
            "commands_queue_length",
            "Commands that wait for their channel's turn",
            self.queue.clone(),
        );
        to.register(
            "dispatcher_worker_pool_occupancy",
            "Commands being carried out",
            self.running.clone(),
        );
        to.register(
            "command_end_to_end_latency_milliseconds",
            "Time of a command that was replied to",
            self.latency.clone(),
        );
        to.register(
            "command_unsupported_channel",
            "Commands for a channel nothing is bound to",
            self.unsupported.clone(),
        );
    }

    pub(super) fn poll(&self, event: &PollEvent<'_>) {
        match *event {
            PollEvent::Answered { elements, took } => {
                self.cycles.inc();
                self.polled
                    .inc_by(u64::try_from(elements).unwrap_or(u64::MAX));
                self.poll_took(took, "false");
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                self.last_success.set(now.unwrap_or_default().as_secs_f64());
            }
            PollEvent::Failed(failure) => {
                self.cycles.inc();
                self.poll_took(failure.took, "true");
                let kind = match failure.fault {
                    PollFault::Timeout => "timeout",
                    PollFault::Unauthorized
                    | PollFault::Forbidden
                    | PollFault::Status(_)
                    | PollFault::Transport
                    | PollFault::Body => "other",
                };
                self.poll_errors
                    .get_or_create(&one("error_kind", kind))
                    .inc();
            }
            PollEvent::Started { .. } | PollEvent::Paused(_) | PollEvent::Stopped => {}
        }
    }

    fn poll_took(&self, took: Duration, error: &'static str) {
        let labels = one("error", error);
        self.poll_latency
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
    }

    pub(super) fn command(
        &self,
        channel: Cow<'static, str>,
        event: &CommandEvent<'_>,
        known: &Known,
    ) {
        match *event {
            CommandEvent::Queued { age } => {
                self.enqueued.inc();
                self.queue.inc();
                age.into_iter()
                    .for_each(|age| self.age.observe(age.as_secs_f64()));
            }
            CommandEvent::Began { .. } => {
                self.queue.dec();
                self.running.inc();
            }
            CommandEvent::Left { began: true } => {
                self.running.dec();
            }
            CommandEvent::Left { began: false } => {
                self.queue.dec();
            }
            CommandEvent::Unusable { .. } => self.drop_for("invalid_command_type"),
            CommandEvent::Overflow => self.drop_for("queue_full"),
            CommandEvent::Refused {
                reason: "channel_not_listed",
                ..
            } => {
                let labels = vec![
                    ("tunnel_id", known.tunnel.clone().into()),
                    ("channel", channel),
                ];
                self.unsupported.get_or_create(&labels).inc();
            }
            CommandEvent::Replied {
                code,
                kind,
                method,
                times,
            } => {
                let labels = end_to_end(code, kind, method, channel, known);
                self.took("poll_to_response", &labels, times.since_creation);
                self.took("enqueue_to_response", &labels, Some(times.since_receipt));
            }
            CommandEvent::LeftOut { .. }
            | CommandEvent::Duplicate
            | CommandEvent::Permitted { .. }
            | CommandEvent::Refused { .. }
            | CommandEvent::Released { .. }
            | CommandEvent::Failed { .. }
            | CommandEvent::Ignored { .. }
            | CommandEvent::NotifyFailed { .. }
            | CommandEvent::NotificationsDropped { .. }
            | CommandEvent::OwnAnswerFailed { .. }
            | CommandEvent::PostFailed { .. }
            | CommandEvent::Unanswered { .. }
            | CommandEvent::Lost
            | CommandEvent::Panicked => {}
        }
    }

    fn drop_for(&self, reason: &'static str) {
        self.drops.get_or_create(&one("drop_reason", reason)).inc();
    }

    /// Skipped when the time is not known (DM-001, DM-003).
    fn took(&self, latency_type: &'static str, labels: &Labels, time: Option<Duration>) {
        let Some(time) = time else { return };
        let mut labels = labels.clone();
        labels.insert(0, ("latency_type", latency_type.into()));
        self.latency
            .get_or_create(&labels)
            .observe(time.as_secs_f64() * 1e3);
    }
}

fn end_to_end(
    code: u16,
    kind: CallKind,
    name: &'static str,
    channel: Cow<'static, str>,
    known: &Known,
) -> Labels {
    vec![
        ("tunnel_id", known.tunnel.clone().into()),
        ("tunnel_service_status", code.to_string().into()),
        ("request_kind", kind.label().into()),
        ("request_method", method(name).into()),
        ("channel", channel),
    ]
}

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

fn milliseconds() -> Histogram {
    Histogram::new(MILLISECONDS)
}
