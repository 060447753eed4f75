//! Whether one private server can be reached, with hysteresis: one failure of many calls is no outage, and one success ends one.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::Now;
use crate::ops::event::ServerEvent;

/// Failures in a row that make a server that was reached unreachable.
const IN_A_ROW: u32 = 3;
/// How long a server may be left alone before it is probed.
pub const QUIET: Duration = Duration::from_secs(60);

/// How a server stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nothing was sent to it yet.
    Pending,
    /// It answers.
    Reached,
    /// It answers that it wants to know who asks.
    NeedsAuth(u16),
    /// It does not answer.
    Unreachable {
        /// Who failed: the word of the wire.
        source: &'static str,
        /// What happened: the word of the wire.
        kind: &'static str,
    },
}

/// One private server.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its channel.
    pub channel: String,
    /// How it stands.
    pub reach: Reach,
    /// Since when.
    pub since: SystemTime,
    failures: u32,
    heard: Option<Instant>,
}

impl Server {
    pub(super) fn new(channel: &str, now: Now) -> Self {
        Self {
            channel: channel.to_owned(),
            reach: Reach::Pending,
            since: now.wall,
            failures: 0,
            heard: None,
        }
    }

    /// Whether it is time to ask it.
    #[must_use]
    pub fn wants_probe(&self, now: Instant) -> bool {
        let quiet = self
            .heard
            .is_none_or(|heard| now.duration_since(heard) >= QUIET);
        quiet || matches!(self.reach, Reach::Pending | Reach::Unreachable { .. })
    }

    pub(super) fn note(&mut self, event: ServerEvent, now: Now) {
        self.heard = Some(now.clock);
        let reach = match event {
            ServerEvent::Reached { status } => self.answered(status),
            ServerEvent::Failed { source, kind } => {
                self.failed(Reach::Unreachable { source, kind })
            }
        };
        if std::mem::discriminant(&reach) != std::mem::discriminant(&self.reach) {
            self.since = now.wall;
        }
        self.reach = reach;
    }

    fn answered(&mut self, status: u16) -> Reach {
        match status {
            401 | 403 => {
                self.failures = 0;
                Reach::NeedsAuth(status)
            }
            500..=599 => self.failed(Reach::Unreachable {
                source: "target_http",
                kind: "http_status",
            }),
            _ => {
                self.failures = 0;
                Reach::Reached
            }
        }
    }

    fn failed(&mut self, unreachable: Reach) -> Reach {
        self.failures = self.failures.saturating_add(1);
        match self.reach {
            Reach::Reached | Reach::NeedsAuth(_) if self.failures < IN_A_ROW => self.reach,
            Reach::Pending | Reach::Reached | Reach::NeedsAuth(_) | Reach::Unreachable { .. } => {
                unreachable
            }
        }
    }
}

impl Reach {
    /// Whether the server answers.
    #[must_use]
    pub const fn is_reached(self) -> bool {
        matches!(self, Self::Reached | Self::NeedsAuth(_))
    }

    /// The stable word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Reached => "reached",
            Self::NeedsAuth(_) => "needs_auth",
            Self::Unreachable { .. } => "unreachable",
        }
    }
}
