//! What the reference does not count: decisions, failures and losses.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use super::labels::{Word, one};
use super::{Counters, Gauges};
use crate::ops::event::{CommandEvent, DefinitionEvent, PollEvent, PollPause};

/// Counters that only grow.
#[derive(Debug, Default)]
pub(super) struct Own {
    queued: Gauges,
    running: Gauges,
    verdicts: Counters,
    refusals: Counters,
    observed: Counters,
    pin_changes: Counters,
    failures: Counters,
    poll_failures: Counters,
    poll_pauses: Counters,
    unanswered: Counters,
    left_out: Counters,
    post_failures: Counter,
    notifications_dropped: Counter,
    duplicates: Counter,
    lost: Counter,
    panics: Counter,
}

impl Own {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let new = Self::default();
        let to = registry.sub_registry_with_prefix("portcullis");
        to.register(
            "channel_queued",
            "Commands that wait for the turn of their channel",
            new.queued.clone(),
        );
        to.register(
            "channel_running",
            "Commands of the channel being carried out",
            new.running.clone(),
        );
        to.register(
            "verdicts",
            "Decisions on messages, by what was decided",
            new.verdicts.clone(),
        );
        to.register(
            "refusals",
            "Messages refused, by side and reason",
            new.refusals.clone(),
        );
        to.register(
            "observed",
            "Messages let in although the rules refuse them, by reason: their server is on trial",
            new.observed.clone(),
        );
        to.register(
            "pin_changes",
            "Pinned definitions found to be others, by channel",
            new.pin_changes.clone(),
        );
        to.register(
            "failures",
            "Calls without an answer, by who failed and how",
            new.failures.clone(),
        );
        to.register(
            "poll_failures",
            "Polls that failed, by fault",
            new.poll_failures.clone(),
        );
        to.register(
            "poll_pauses",
            "Times the poll loop waited, by why",
            new.poll_pauses.clone(),
        );
        to.register(
            "unanswered",
            "Commands without a reply, by why",
            new.unanswered.clone(),
        );
        to.register(
            "left_out",
            "Parts of commands left out, by what",
            new.left_out.clone(),
        );
        to.register(
            "post_failures",
            "Replies that were not taken",
            new.post_failures.clone(),
        );
        to.register(
            "notifications_dropped",
            "Notifications dropped after one that was not taken",
            new.notifications_dropped.clone(),
        );
        to.register(
            "duplicates",
            "Commands that came again and were not carried out again",
            new.duplicates.clone(),
        );
        to.register(
            "lost",
            "Commands whose outcome was lost: a defect",
            new.lost.clone(),
        );
        to.register("panics", "Panics caught: a defect", new.panics.clone());
        new
    }

    pub(super) fn poll(&self, event: &PollEvent<'_>) {
        match *event {
            PollEvent::Failed(failure) => {
                count(&self.poll_failures, "fault", failure.fault.label())
            }
            PollEvent::Paused(why @ (PollPause::Full | PollPause::Gate)) => {
                count(&self.poll_pauses, "why", why.label());
            }
            PollEvent::Paused(PollPause::Floor)
            | PollEvent::Started { .. }
            | PollEvent::Answered { .. }
            | PollEvent::Stopped => {}
        }
    }

    pub(super) fn command(&self, channel: &Word, event: &CommandEvent<'_>) {
        self.moved(channel, event);
        match *event {
            CommandEvent::Permitted { .. } => count(&self.verdicts, "verdict", "permitted"),
            CommandEvent::Released { .. } => count(&self.verdicts, "verdict", "released"),
            CommandEvent::Observed { reason, .. } => count(&self.observed, "reason", reason),
            CommandEvent::Refused { side, reason, .. } => self.refused(side.label(), reason),
            CommandEvent::Unusable { reason, .. } => self.refused("request", reason),
            CommandEvent::Overflow => self.refused("request", "overflow"),
            CommandEvent::Failed { source, kind, .. } => {
                let labels = vec![("source", source.into()), ("kind", kind.into())];
                self.failures.get_or_create(&labels).inc();
            }
            CommandEvent::Unanswered { why } => count(&self.unanswered, "why", why.label()),
            CommandEvent::LeftOut { notice } => count(&self.left_out, "what", notice),
            CommandEvent::NotificationsDropped { count } => {
                self.notifications_dropped.inc_by(count);
            }
            CommandEvent::PostFailed { .. } => add(&self.post_failures),
            CommandEvent::NotifyFailed { .. } => add(&self.notifications_dropped),
            CommandEvent::Duplicate => add(&self.duplicates),
            CommandEvent::Lost => add(&self.lost),
            CommandEvent::Panicked => add(&self.panics),
            CommandEvent::Queued { .. }
            | CommandEvent::Began { .. }
            | CommandEvent::Left { .. }
            | CommandEvent::Ignored { .. }
            | CommandEvent::OwnAnswerFailed { .. }
            | CommandEvent::Replied { .. } => {}
        }
    }

    pub(super) fn definition(&self, channel: Word, event: &DefinitionEvent<'_>) {
        if let DefinitionEvent::Changed(_) = event {
            self.pin_changes
                .get_or_create(&one("channel", channel))
                .inc();
        }
    }

    /// Counts where commands are.
    fn moved(&self, channel: &Word, event: &CommandEvent<'_>) {
        let at = |family: &Gauges, by: i64| {
            family
                .get_or_create(&one("channel", channel.clone()))
                .inc_by(by);
        };
        if let CommandEvent::Queued { .. } = event {
            at(&self.queued, 1);
        } else if let CommandEvent::Began { .. } = event {
            at(&self.queued, -1);
            at(&self.running, 1);
        } else if let CommandEvent::Left { began } = event {
            at(if *began { &self.running } else { &self.queued }, -1);
        }
    }

    /// Commands of a channel that wait, and those being carried out.
    pub(super) fn occupancy(&self, channel: Word) -> (i64, i64) {
        let labels = one("channel", channel);
        let of = |family: &Gauges| family.get(&labels).map_or(0, |gauge| gauge.get());
        (of(&self.queued), of(&self.running))
    }

    fn refused(&self, side: &'static str, reason: &'static str) {
        count(&self.verdicts, "verdict", "refused");
        let labels = vec![("side", side.into()), ("reason", reason.into())];
        self.refusals.get_or_create(&labels).inc();
    }

    /// Messages let in, answers let out and messages refused since the start.
    pub(super) fn verdicts(&self) -> [u64; 3] {
        ["permitted", "released", "refused"].map(|verdict| {
            let found = self.verdicts.get(&one("verdict", verdict));
            found.map_or(0, |counter| counter.get())
        })
    }
}

fn count(family: &Counters, label: &'static str, value: &'static str) {
    family.get_or_create(&one(label, value)).inc();
}

fn add(counter: &Counter) {
    counter.inc();
}
