//! Tests of the metrics: the reference's names and labels, bounded labels, and that the documentation lists every one.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use crate::ops::Ops;
use crate::ops::event::{
    Call, CallKind, Changed, CommandEvent, DefinitionEvent, Event, HandshakeFacts, NoAnswer,
    PeerEvent, PollEvent, PollFailure, PollFault, PollPause, RotationEvent, Side, Times,
};
use crate::ops::state::{Anchor, Generation, Traffic};

const CALL: Call<'static> = Call {
    request_id: "r",
    correlation: 1,
    channel: "main",
};

fn emit(ops: &Ops, event: CommandEvent<'_>) {
    ops.emit(Event::Command(CALL, event));
}

fn replied(
    channel: &'static str,
    method: &'static str,
    since_creation: Option<Duration>,
) -> Event<'static> {
    let since_receipt = Duration::from_millis(3);
    let event = CommandEvent::Replied {
        code: 200,
        kind: CallKind::Call,
        method,
        times: Times {
            since_receipt,
            since_creation,
        },
    };
    Event::Command(Call { channel, ..CALL }, event)
}

fn rotations(ops: &Ops, took: Duration) {
    let now = Generation {
        anchors: vec![Anchor {
            sha256: "ab".to_owned(),
            not_after: SystemTime::UNIX_EPOCH,
        }],
        crl_next_update: Some(SystemTime::UNIX_EPOCH),
        ..Generation::for_tests()
    };
    let trigger = "files";
    for event in [
        RotationEvent::Published {
            trigger,
            now: &now,
            took,
        },
        RotationEvent::Canary {
            result: "passed",
            why: "",
        },
        RotationEvent::DrainEnded {
            generation: 1,
            forced: 0,
            took,
        },
    ] {
        ops.emit(Event::Rotation("main", event));
    }
    let handshake = HandshakeFacts {
        version: "1.3",
        group: "X25519MLKEM768",
        resumed: false,
        issuer: "ab",
    };
    let (reason, alert, is_news) = ("tls_version", "alert_unknown_ca", true);
    for event in [
        PeerEvent::Handshake(handshake),
        PeerEvent::Unasked { is_news },
        PeerEvent::Refused { reason, is_news },
        PeerEvent::Alerted { alert, is_news },
    ] {
        ops.emit(Event::Peer("main", event));
    }
    ops.counted.add("main", || {
        vec![Traffic {
            generation: 1,
            connections: 2,
            requests: 3,
        }]
    });
}

/// One of every event that has a metric.
fn everything(ops: &Ops) {
    let took = Duration::from_secs(1);
    ops.emit(Event::Poll(PollEvent::Answered { elements: 2, took }));
    ops.emit(Event::Poll(PollEvent::Paused(PollPause::Full)));
    rotations(ops, took);
    ops.emit(Event::Poll(PollEvent::Failed(PollFailure {
        fault: PollFault::Timeout,
        error: "x",
        took,
        retry_in: took,
        remedy: "none",
    })));
    let (reason, side) = ("channel_not_listed", Side::Request);
    emit(ops, CommandEvent::Queued { age: Some(took) });
    emit(ops, CommandEvent::Began { waited: took });
    emit(ops, CommandEvent::Left { began: true });
    emit(ops, CommandEvent::Overflow);
    emit(ops, CommandEvent::Observed { reason, line: 1 });
    emit(
        ops,
        CommandEvent::Refused {
            side,
            reason,
            line: 1,
        },
    );
    emit(
        ops,
        CommandEvent::Failed {
            source: "tls",
            kind: "tls",
            reason: "",
        },
    );
    emit(
        ops,
        CommandEvent::Unanswered {
            why: NoAnswer::Expired,
        },
    );
    emit(
        ops,
        CommandEvent::LeftOut {
            notice: "header_name_invalid",
        },
    );
    ops.emit(replied("main", "tools/call", Some(took)));
    let changed = Changed {
        tool: "a",
        pinned: "",
        found: "",
        line: 1,
    };
    for event in [
        DefinitionEvent::Listed { pages: 1 },
        DefinitionEvent::ListingFailed { reason: "eof" },
        DefinitionEvent::Changed(&changed),
        DefinitionEvent::Restored { tool: "a" },
    ] {
        ops.emit(Event::Definition("main", event));
    }
}

#[test]
fn the_references_numbers_are_there_under_its_names() {
    let ops = Ops::for_tests();
    everything(&ops);
    let text = ops.render_metrics();
    for line in [
        "commands_polled_total 2",
        "commands_enqueued_total 1",
        "commands_poll_cycles_total 2",
        r#"commands_poll_errors_total{error_kind="timeout"} 1"#,
        r#"commands_poll_latency_seconds_count{error="false"} 1"#,
        r#"commands_queue_drops_total{drop_reason="queue_full"} 1"#,
        "commands_age_seconds_count 1",
        "commands_queue_length 0",
        "dispatcher_worker_pool_occupancy 0",
        r#"command_unsupported_channel_total{tunnel_id="",channel="main"} 1"#,
        r#"command_end_to_end_latency_milliseconds_count{latency_type="poll_to_response",tunnel_id="",tunnel_service_status="200",request_kind="call",request_method="tools/call",channel="main"} 1"#,
        r#"portcullis_pin_changes_total{channel="main"} 1"#,
        "liveness 1",
        "readiness 0",
        r#"portcullis_not_ready{code="mcp_probe_pending"} 1"#,
        r#"portcullis_gate{standing="raised"} 1"#,
        "portcullis_policy_generation 0",
        "portcullis_audit_records_total 0",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line}\nin\n{text}"
        );
    }
}

/// DM-001, DM-003.
#[test]
fn a_time_that_is_not_known_is_not_counted() {
    let ops = Ops::for_tests();
    ops.emit(replied("main", "ping", None));
    let text = ops.render_metrics();
    assert!(
        text.contains("latency_type=\"enqueue_to_response\"")
            && !text.contains("latency_type=\"poll_to_response\"")
    );
}

#[test]
fn what_a_caller_chooses_makes_no_new_label_w_03() {
    let ops = Ops::for_tests();
    for channel in ["a", "b", "c"] {
        ops.emit(replied(channel, "", None));
    }
    let text = ops.render_metrics();
    let rows = text
        .lines()
        .filter(|line| line.starts_with("command_end_to_end_latency_milliseconds_count"));
    let rows: Vec<&str> = rows.collect();
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(
        rows.iter()
            .all(|row| row.contains("request_method=\"other\",channel=\"other\"} 3")),
        "{rows:?}"
    );
}

#[test]
fn the_documentation_lists_every_metric_and_no_other() {
    let ops = Ops::for_tests();
    everything(&ops);
    let text = ops.render_metrics();
    let real: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operations.md");
    let document = std::fs::read_to_string(path).unwrap();
    let rows = document
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split(['`', '{']).next());
    let listed: BTreeSet<&str> = rows
        .filter(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        .collect();
    let listed = listed
        .into_iter()
        .map(|name| name.strip_suffix("_total").unwrap_or(name))
        .filter(|name| name.contains('_') || ["liveness", "readiness"].contains(name));
    let codes: BTreeSet<&str> = listed.collect();
    assert_eq!(
        real.difference(&codes).collect::<Vec<_>>(),
        Vec::<&&str>::new(),
        "not documented"
    );
    let metrics = codes
        .iter()
        .filter(|name| name.starts_with("portcullis_") || name.starts_with("command"));
    assert_eq!(
        metrics
            .filter(|name| !real.contains(**name))
            .collect::<Vec<_>>(),
        Vec::<&&str>::new(),
        "not real"
    );
}
