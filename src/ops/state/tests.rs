//! The table of states against readiness: each cause named, each recovery seen.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use super::readiness::{Readiness, readiness};
use super::*;
use crate::ops::event::PollFailure;
use crate::ops::event::PollFault;
use crate::ops::gate::{Cause, Standing};

const POLL: Duration = Duration::from_secs(35);

fn at(seconds: u64) -> Now {
    let start = *START.get_or_init(Instant::now);
    Now {
        clock: start + Duration::from_secs(seconds),
        wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds),
    }
}

static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();

fn identity(from: u64, until: u64) -> Identity {
    Identity {
        peer: "control plane".to_owned(),
        serial: "01".to_owned(),
        issuer: "CN=issuer".to_owned(),
        sha256: String::new(),
        spki: String::new(),
        not_before: at(from).wall,
        not_after: at(until).wall,
    }
}

fn fresh() -> Inputs {
    let expected = Expected {
        poll: POLL,
        call: Duration::from_secs(120),
    };
    let mut inputs = Inputs::new(expected, at(0));
    inputs.list(&["main".to_owned(), "other".to_owned()], at(0));
    shown(&mut inputs, identity(0, 10_000));
    inputs
}

fn shown(inputs: &mut Inputs, identity: Identity) {
    let now = Generation {
        identity: Some(identity),
        ..Generation::for_tests()
    };
    let event = RotationEvent::Published {
        trigger: "start",
        now: &now,
        took: Duration::ZERO,
    };
    inputs.note(&Event::Rotation("control plane", event), at(0));
}

/// Polled and probed.
fn working() -> Inputs {
    let mut inputs = fresh();
    answered(&mut inputs, 1);
    for channel in ["main", "other"] {
        reached(&mut inputs, channel, 200);
    }
    inputs
}

fn answered(inputs: &mut Inputs, seconds: u64) {
    let took = Duration::from_secs(1);
    inputs.note(
        &Event::Poll(PollEvent::Answered { elements: 0, took }),
        at(seconds),
    );
}

fn denied(inputs: &mut Inputs, fault: PollFault, seconds: u64) {
    let failure = PollFailure {
        fault,
        error: "the words of the door",
        took: Duration::ZERO,
        retry_in: Duration::from_secs(10),
        remedy: "the remedy of the door",
    };
    inputs.note(&Event::Poll(PollEvent::Failed(failure)), at(seconds));
}

fn reached(inputs: &mut Inputs, channel: &str, status: u16) {
    inputs.note(
        &Event::Server(channel, ServerEvent::Reached { status }),
        at(2),
    );
}

fn unreached(inputs: &mut Inputs, channel: &str) {
    let failed = ServerEvent::Failed {
        source: "connect",
        kind: "connection_refused",
    };
    inputs.note(&Event::Server(channel, failed), at(3));
}

/// An operator holds the gate, so the loop waits.
fn held(inputs: &mut Inputs, standing: Standing) {
    inputs.holds.push(Hold {
        cause: Cause::Operator,
        standing,
        reason: "a drill".to_owned(),
        since: at(5).wall,
        by: None,
    });
    inputs.note(&Event::Poll(PollEvent::Paused(PollPause::Gate)), at(5));
}

fn codes(verdict: &Readiness) -> Vec<&'static str> {
    verdict.causes.iter().map(|cause| cause.code).collect()
}

#[test]
fn every_state_has_its_code_and_every_code_its_state() {
    type Change = fn(&mut Inputs);
    let rows: [(&str, Change, u64, &[&str]); 21] = [
        ("nothing is wrong", |_| {}, 10, &[]),
        ("quiet, but within the window", |_| {}, 66, &[]),
        (
            "no poll is answered in time",
            |_| {},
            67,
            &["control_plane_unreachable"],
        ),
        (
            "every place is taken",
            |i| i.paused = Some(PollPause::Full),
            100,
            &[],
        ),
        (
            "401",
            |i| denied(i, PollFault::Unauthorized, 5),
            6,
            &["control_plane_unauthorized"],
        ),
        (
            "403",
            |i| denied(i, PollFault::Forbidden, 5),
            6,
            &["control_plane_forbidden"],
        ),
        (
            "one 503 is no outage",
            |i| denied(i, PollFault::Status(503), 5),
            6,
            &[],
        ),
        (
            "503 for long",
            |i| denied(i, PollFault::Status(503), 5),
            90,
            &["control_plane_failing"],
        ),
        (
            "no network for long",
            |i| denied(i, PollFault::Transport, 5),
            90,
            &["control_plane_unreachable"],
        ),
        (
            "the server is gone",
            |i| (0..3).for_each(|_| unreached(i, "main")),
            10,
            &["mcp_server_unreachable"],
        ),
        (
            "one failure is no outage",
            |i| unreached(i, "main"),
            10,
            &[],
        ),
        (
            "the gate is dropped",
            |i| held(i, Standing::Lowered),
            500,
            &["gate_lowered"],
        ),
        (
            "quiesced",
            |i| held(i, Standing::Quiesced),
            500,
            &["gate_quiesced"],
        ),
        (
            "the disk is full",
            |i| {
                i.note(
                    &Event::Agent(AgentEvent::AuditFailing { why: "no space" }),
                    at(4),
                )
            },
            10,
            &["audit_unavailable"],
        ),
        (
            "the disk is full, and records may wait",
            |i| {
                i.note(
                    &Event::Agent(AgentEvent::AuditSpooling { why: "no space" }),
                    at(4),
                )
            },
            10,
            &["audit_unavailable"],
        ),
        (
            "the disk hangs",
            |i| i.recording = Some(at(4).clock),
            35,
            &["stalled"],
        ),
        (
            "nothing was probed",
            |i| i.servers = fresh().servers,
            10,
            &["mcp_probe_pending", "mcp_probe_pending"],
        ),
        (
            "nothing was polled",
            |i| i.last_poll = None,
            10,
            &["control_plane_pending"],
        ),
        (
            "a stop signal came",
            |i| i.stopping = Some(at(5).wall),
            100,
            &["stopping"],
        ),
        (
            "expired",
            |i| shown(i, identity(0, 5)),
            6,
            &["identity_expired"],
        ),
        (
            "not yet valid",
            |i| shown(i, identity(9, 20)),
            6,
            &["identity_not_yet_valid"],
        ),
    ];
    let mut seen = BTreeSet::new();
    for (state, change, seconds, expected) in rows {
        seen.extend(expected);
        let mut inputs = working();
        change(&mut inputs);
        let verdict = readiness(&inputs, at(seconds));
        assert_eq!(codes(&verdict), expected, "{state}: {verdict:?}");
        assert_eq!(verdict.ready, expected.is_empty(), "{state}");
        assert!(
            verdict.causes.iter().all(|cause| !cause.remedy.is_empty()),
            "{state}"
        );
    }
    assert_eq!(seen, documented(), "the codes of docs/operations.md");
}

/// The codes in the table of the documentation.
fn documented() -> BTreeSet<&'static str> {
    let document = include_str!("../../../docs/operations.md");
    let (_, table) = document.split_once("| code | it means |").unwrap();
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| row.split('`').nth(1)).collect()
}

#[test]
fn the_phrases_are_the_references_where_it_has_one_rz_004_rz_010_rz_011() {
    let mut inputs = fresh();
    answered(&mut inputs, 1);
    assert_eq!(
        readiness(&inputs, at(1)).status,
        "mcp startup probe pending"
    );
    unreached(&mut inputs, "main");
    assert_eq!(
        readiness(&inputs, at(1)).status,
        "mcp probe failed: channel main: connect, connection_refused"
    );
    reached(&mut inputs, "main", 401);
    reached(&mut inputs, "other", 200);
    let verdict = readiness(&inputs, at(1));
    assert!(
        verdict.ready
            && verdict
                .status
                .starts_with("ready (mcp initialize requires auth: "),
        "{verdict:?}"
    );
    reached(&mut inputs, "main", 404);
    assert_eq!(readiness(&inputs, at(1)).status, "ready");
}

#[test]
fn every_cause_is_named_and_one_success_mends_each() {
    let mut inputs = working();
    denied(&mut inputs, PollFault::Unauthorized, 5);
    (0..3).for_each(|_| reached(&mut inputs, "other", 503));
    let verdict = readiness(&inputs, at(6));
    assert_eq!(
        codes(&verdict),
        ["mcp_server_unreachable", "control_plane_unauthorized"]
    );
    answered(&mut inputs, 7);
    reached(&mut inputs, "other", 200);
    assert!(readiness(&inputs, at(8)).ready);
}

#[test]
fn trouble_counts_from_its_first_failure() {
    let mut inputs = working();
    denied(&mut inputs, PollFault::Forbidden, 5);
    denied(&mut inputs, PollFault::Forbidden, 50);
    assert_eq!(readiness(&inputs, at(51)).causes[0].since, at(5).wall);
}

#[test]
fn the_heart_stops_when_the_loop_hangs_and_never_while_it_may_wait() {
    let mut inputs = fresh();
    let stands = |inputs: &Inputs, seconds| inputs.standstill(at(seconds)).map(|stuck| stuck.what);
    let polling = Some("the poll loop makes no progress");
    assert_eq!((stands(&inputs, 60), stands(&inputs, 61)), (None, polling));
    inputs.note(&Event::Poll(PollEvent::Started { limit: 1 }), at(0));
    assert_eq!((stands(&inputs, 95), stands(&inputs, 96)), (None, polling));
    inputs.note(&Event::Poll(PollEvent::Paused(PollPause::Gate)), at(0));
    assert_eq!(
        stands(&inputs, 100_000),
        None,
        "a lowered gate may stay so for days"
    );
    inputs.recording = Some(at(5).clock);
    let recording = Some("the audit log makes no progress");
    assert_eq!(
        (stands(&inputs, 35), stands(&inputs, 36)),
        (None, recording)
    );
}

#[test]
fn a_server_is_asked_at_start_while_unreachable_and_when_it_was_quiet() {
    let mut inputs = fresh();
    assert!(inputs.servers[0].wants_probe(at(0).clock));
    reached(&mut inputs, "main", 200);
    assert!(
        !inputs.servers[0].wants_probe(at(61).clock) && inputs.servers[0].wants_probe(at(62).clock)
    );
    (0..3).for_each(|_| unreached(&mut inputs, "main"));
    assert!(inputs.servers[0].wants_probe(at(3).clock));
}
