//! The checks of one probe: liveness, readiness and, if asked, whether the process runs and how old the last poll is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::process::{Asked, Process};
use crate::cli::ask::{Place, Question};

/// How long one step may take: an orchestrator asks every few seconds.
const STEP: Duration = Duration::from_millis(500);
/// The reference's gauge of the last answered poll.
const LAST_POLL: &str = "commands_poll_last_successful_timestamp_seconds";

/// What must hold of polling.
#[derive(Clone, Copy, Debug)]
pub(super) enum Polls {
    /// Nothing.
    NotAsked,
    /// Some poll was answered.
    Ever,
    /// The last one is at most this old.
    Within(Duration),
}

/// What came of one check.
struct Check {
    ok: bool,
    status: Option<u16>,
    said: String,
}

/// What came of all of them.
pub(super) struct Checks {
    process: Option<Process>,
    live: Check,
    ready: Check,
    polled: Option<Check>,
}

impl Checks {
    /// Asks the agent.
    pub(super) fn make(place: &Place, polls: Polls, process: Option<Asked>) -> Self {
        Self {
            process: process.map(Process::look),
            live: get(place, "/healthz"),
            ready: get(place, "/readyz"),
            polled: polled(place, polls),
        }
    }

    pub(super) fn passed(&self) -> bool {
        let polled = self.polled.as_ref().is_none_or(|check| check.ok);
        let runs = self.process.as_ref().is_none_or(Process::runs);
        runs && self.live.ok && self.ready.ok && polled
    }

    /// One line a check.
    pub(super) fn text(&self) -> String {
        let said = |name: &str, ok: bool, said: &str| {
            let verdict = if ok { "ok" } else { "FAIL" };
            format!("{name:<19}{verdict:<5}{}", said.trim())
        };
        let line = |name: &str, check: &Check| said(name, check.ok, &check.said);
        let process = self.process.iter();
        let process = process.map(|process| said("process", process.runs(), &process.said()));
        let polled = self
            .polled
            .iter()
            .map(|check| line("control_plane_poll", check));
        let lines = [line("healthz", &self.live), line("readyz", &self.ready)];
        process
            .chain(lines)
            .chain(polled)
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// One JSON value with the members of the reference's command.
    pub(super) fn json(&self) -> String {
        json!({
            "process": self.process.as_ref().map(Process::json),
            "healthz": self.live.json(),
            "readyz": self.ready.json(),
            "control_plane_poll": self.polled.as_ref().map(Check::json),
            "result": if self.passed() { "ok" } else { "fail" },
        })
        .to_string()
    }
}

impl Check {
    fn json(&self) -> Value {
        json!({ "ok": self.ok, "status": self.status, "body": self.said.trim() })
    }
}

fn get(place: &Place, path: &str) -> Check {
    let question = Question {
        method: "GET",
        path,
        body: b"",
    };
    match place.ask(&question, STEP) {
        Ok(reply) => Check {
            ok: reply.status == 200,
            status: Some(reply.status),
            said: reply.body,
        },
        Err(error) => Check {
            ok: false,
            status: None,
            said: format!("no answer ({error})"),
        },
    }
}

fn polled(place: &Place, polls: Polls) -> Option<Check> {
    let longest = match polls {
        Polls::NotAsked => return None,
        Polls::Ever => Duration::MAX,
        Polls::Within(age) => age,
    };
    let metrics = get(place, "/metrics");
    let last = metrics
        .said
        .lines()
        .find_map(|line| line.strip_prefix(LAST_POLL)?.trim().parse().ok());
    let last = last.filter(|last: &f64| *last > 0.0);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let age =
        last.and_then(|last| Duration::try_from_secs_f64((now.as_secs_f64() - last).max(0.0)).ok());
    Some(Check {
        ok: age.is_some_and(|age| age <= longest),
        status: metrics.status,
        said: age.map_or_else(
            || "no poll was answered yet".to_owned(),
            |age| format!("last poll {} s ago", age.as_secs()),
        ),
    })
}
