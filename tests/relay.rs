#![cfg(feature = "demo")]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
//! The relay between a control plane and servers in memory, on paused time. Proves: each command gets its one outcome whatever the two
//! sides do (INVARIANT 7), nobody waits for somebody else's server, and the poll loop is patient and stops when told to.

mod support;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use portcullis::ops::gate::{Cause, Hold, Standing};
use portcullis::relay::in_force::InForce;
use portcullis::relay::pipeline::Relay;
use portcullis::relay::polling;
use portcullis::relay::port::{PollError, PostError, Posted};
use portcullis_policy::permit::{Origin, ReplyKind};
use portcullis_policy::{Failure, FailureKind, FailureSource};
use support::desk::{Desk, HELD};
use support::records::{Entry, Memory, sealed};
use support::script::{Asked, Line, Play, Scripted};
use support::{CALL, LONG, call, element, one, polled, termination};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A poll loop that runs until a test ends it.
struct Loop {
    stop: CancellationToken,
    tasks: TaskTracker,
    poller: tokio::task::JoinHandle<()>,
}

impl Loop {
    fn start(relay: Relay<Desk, Scripted, Memory>) -> Self {
        Self::start_shared(Arc::new(relay))
    }

    fn start_shared(relay: Arc<Relay<Desk, Scripted, Memory>>) -> Self {
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let poller = tokio::spawn(polling::poll(relay, stop.clone(), tasks.clone()));
        Self {
            stop,
            tasks,
            poller,
        }
    }

    /// Stops polling and lets running calls finish.
    async fn drain(self) {
        self.stop.cancel();
        self.poller.await.unwrap();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn handle(desk: &Desk, servers: &Scripted, polled: portcullis::wire::command::Polled) {
    let relay = support::relay(desk.clone(), servers.clone());
    support::handle(&relay, polled, Instant::now()).await;
}

fn held(standing: Standing) -> Hold {
    Hold {
        cause: Cause::Operator,
        standing,
        reason: "test".to_owned(),
        since: SystemTime::UNIX_EPOCH,
        by: None,
    }
}

fn timed_out() -> Failure {
    Failure::new(FailureSource::Timeout, FailureKind::Timeout)
}

#[tokio::test(start_paused = true)]
async fn every_command_has_exactly_one_reply_whatever_it_is_dp_001_017_073() {
    let notification = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let rows: [(String, ReplyKind, Origin, u16); 7] = [
        (
            element("r", "main", "", CALL),
            ReplyKind::Response,
            Origin::Judged,
            200,
        ),
        (
            element("r", "main", "", &CALL.replace("echo", "rm")),
            ReplyKind::Response,
            Origin::Denial,
            200,
        ),
        (
            element("r", "main", "", notification),
            ReplyKind::Ack,
            Origin::Acknowledgement,
            200,
        ),
        (
            element(
                "r",
                "main",
                "",
                r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#,
            ),
            ReplyKind::Ack,
            Origin::Denial,
            202,
        ),
        (
            termination("r"),
            ReplyKind::Termination,
            Origin::Acknowledgement,
            200,
        ),
        // E3: a channel nobody serves. E6: an answer to nothing.
        (
            element("r", "harpoon", "", CALL),
            ReplyKind::Response,
            Origin::Denial,
            400,
        ),
        (
            element("r", "main", "", r#"{"jsonrpc":"2.0","id":1,"result":{}}"#),
            ReplyKind::Response,
            Origin::Denial,
            400,
        ),
    ];
    for (element, kind, origin, code) in rows {
        let (desk, servers) = (Desk::new(), Scripted::willing());
        handle(&desk, &servers, one(element.clone())).await;
        let reply = desk.reply("r");
        assert_eq!(
            (reply.kind, reply.origin, reply.code),
            (kind, origin, code),
            "{element}"
        );
        let reached = matches!(origin, Origin::Judged | Origin::Acknowledgement);
        assert_eq!(servers.asked().len(), usize::from(reached), "{element}");
    }
}

/// Every way a server can fail to answer still ends in one reply.
#[tokio::test(start_paused = true)]
async fn every_failure_of_a_server_has_exactly_one_reply_dp_028_055_059() {
    let refused = Failure::new(FailureSource::Connect, FailureKind::ConnectionRefused);
    type Make = fn(&Asked) -> Play;
    let rows: [(Make, &str); 6] = [
        (|_| Play::Silent, "502 timeout/timeout"),
        (|_| Play::Hang, "502 timeout/timeout"),
        (|_| Play::Say(vec![Line::Hang]), "502 timeout/timeout"),
        (|_| Play::Say(vec![]), "502 transport_closed/eof"),
        (
            |_| Play::Say(vec![Line::Fail(timed_out())]),
            "502 timeout/timeout",
        ),
        (
            |_| Play::Say(vec![Line::Text("[]".to_owned())]),
            "502 protocol/malformed_json",
        ),
    ];
    for (number, (play, expected)) in rows.into_iter().enumerate() {
        let desk = Desk::new();
        handle(&desk, &Scripted::new(play), call("r")).await;
        assert_eq!(desk.reply("r").failure(), expected, "row {number}");
        assert_eq!(desk.posts().len(), 1, "row {number}");
    }
    let desk = Desk::new();
    handle(
        &desk,
        &Scripted::new(move |_| Play::Fail(refused)),
        call("r"),
    )
    .await;
    assert_eq!(desk.reply("r").failure(), "502 connect/connection_refused");
}

/// E1, E4, W-51: of a batch in which everything that can be wrong is wrong, the good ones run and the bad ones hear of it.
#[tokio::test(start_paused = true)]
async fn one_bad_command_spoils_no_neighbour_e1_e4_w_51_cp_017() {
    let (desk, servers) = (Desk::new(), Scripted::willing());
    let bad = [
        r#"{"request_id":"b1","shard_token":"s","command_type":"exec","jsonrpc":{}}"#,
        r#"{"request_id":"b2","shard_token":"s","command_type":"jsonrpc"}"#,
        r#"{"request_id":"b3","shard_token":"s","command_type":"jsonrpc","jsonrpc":{},"jsonrpc":{}}"#,
        r#"{"request_id":"b4","shard_token":"s","command_type":"session_termination"}"#,
        r#"{"request_id":"b5","shard_token":"s","channel":"no name","command_type":"jsonrpc","jsonrpc":{}}"#,
    ];
    let nameless = ["null", "7", r#"{"shard_token":"s"}"#];
    let mut elements = vec![element("g1", "main", "", CALL)];
    elements.extend(bad.iter().chain(&nameless).map(|e| (*e).to_owned()));
    elements.push(element("g2", "other", "", CALL));
    desk.queue(Ok(polled(&elements)));
    let running = Loop::start(support::relay(desk.clone(), servers.clone()));
    sleep(Duration::from_secs(1)).await;
    running.drain().await;
    for id in ["g1", "g2"] {
        assert_eq!(desk.reply(id).origin, Origin::Judged, "{id}");
    }
    for id in ["b1", "b2", "b3", "b4", "b5"] {
        let reply = desk.reply(id);
        assert_eq!((reply.origin, reply.code), (Origin::Denial, 400), "{id}");
    }
    assert_eq!(desk.posts().len(), 7, "who cannot be named gets nothing");
    assert_eq!(servers.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_posted_once_the_services_own_deadline_passed_dp_002_004_cp_011() {
    let timeout = r#""response_timeout":"4500ms","#;
    type Make = fn(&Asked) -> Play;
    let slow: [Make; 4] = [
        |_| Play::Hang,
        |_| Play::Silent,
        |_| Play::Say(vec![Line::Hang]),
        |asked| Play::Say(vec![Line::Wait(Duration::from_secs(5)), asked.answer()]),
    ];
    for (number, play) in slow.into_iter().enumerate() {
        let (desk, servers) = (Desk::new(), Scripted::new(play));
        let received = Instant::now();
        let command = one(element("r", "main", timeout, CALL));
        let relay = support::relay(desk.clone(), servers.clone());
        support::handle(&relay, command, received).await;
        assert_eq!(received.elapsed().as_millis() / 10, 450, "row {number}");
        assert!(desk.posts().is_empty(), "row {number}: {:?}", desk.posts());
    }
    // Taken so late that it had passed already: no server hears of it.
    let (desk, servers) = (Desk::new(), Scripted::willing());
    let received = Instant::now();
    sleep(Duration::from_secs(5)).await;
    let command = one(element("r", "main", timeout, CALL));
    let relay = support::relay(desk.clone(), servers.clone());
    support::handle(&relay, command, received).await;
    assert!(desk.posts().is_empty() && servers.asked().is_empty());
}

/// W-17, E9: our own maximum holds whatever the service asks for, and the caller hears of it.
#[tokio::test(start_paused = true)]
async fn our_own_maximum_is_told_as_a_timeout_w_17_e9() {
    for asked in [
        "",
        r#""response_timeout":"9999999h","#,
        r#""response_timeout":"soon","#,
        r#""response_timeout":"300s","#,
    ] {
        let desk = Desk::new();
        let start = Instant::now();
        let command = one(element("r", "main", asked, CALL));
        handle(&desk, &Scripted::new(|_| Play::Hang), command).await;
        assert_eq!(desk.reply("r").failure(), "502 timeout/timeout", "{asked}");
        assert_eq!(start.elapsed().as_secs(), LONG.as_secs(), "{asked}");
    }
}

/// F1: a panic on the way refuses that command, names it by its own id, and harms no other.
#[tokio::test(start_paused = true)]
async fn a_panic_is_answered_with_a_refusal_f1() {
    type Make = fn(&Asked) -> Play;
    let panics: [Make; 3] = [
        |_| Play::Panic,
        |_| Play::Say(vec![Line::Panic]),
        |asked| Play::Say(vec![asked.progress(1), Line::Panic]),
    ];
    for (number, play) in panics.into_iter().enumerate() {
        let desk = Desk::new();
        let servers = Scripted::new(move |asked| {
            if asked.channel.as_str() == "main" {
                play(asked)
            } else {
                Play::Say(vec![asked.answer()])
            }
        });
        desk.queue(Ok(polled(&[
            element("bad", "main", "", CALL),
            element("good", "other", "", CALL),
        ])));
        desk.queue(Ok(polled(&[termination("end")])));
        let running = Loop::start(support::relay(desk.clone(), servers));
        sleep(Duration::from_secs(1)).await;
        running.drain().await;
        let reply = desk.reply("bad");
        assert_eq!(
            (reply.origin, reply.code),
            (Origin::Denial, 200),
            "{number}"
        );
        assert_eq!(reply.value()["id"], "a-1");
        assert_eq!(reply.error_code(), -31403);
        assert_eq!(desk.reply("good").origin, Origin::Judged);
    }
}

#[tokio::test(start_paused = true)]
async fn notices_stop_after_one_that_is_not_taken_and_the_answer_does_not_dp_064() {
    let desk = Desk::judging(|post| {
        if post.is_terminal() || post.json.contains(r#""progress":1}"#) {
            Ok(Posted::Accepted)
        } else {
            Err(PostError::Transport("connection_reset"))
        }
    });
    let servers = Scripted::new(|asked| {
        let mut lines: Vec<Line> = (1..=5).map(|done| asked.progress(done)).collect();
        lines.push(asked.answer());
        Play::Say(lines)
    });
    handle(&desk, &servers, call("r")).await;
    let kinds: Vec<ReplyKind> = desk.posts().iter().map(|post| post.kind).collect();
    assert_eq!(
        kinds,
        [ReplyKind::Notify, ReplyKind::Notify, ReplyKind::Response]
    );
    assert_eq!(desk.reply("r").origin, Origin::Judged);
}

#[tokio::test(start_paused = true)]
async fn notices_come_before_the_answer_and_in_order_dp_016() {
    let desk = Desk::new();
    let servers = Scripted::new(|asked| {
        Play::Say(vec![
            asked.progress(1),
            asked.progress(2),
            asked.progress(3),
            asked.answer(),
        ])
    });
    handle(&desk, &servers, call("r")).await;
    let posts = desk.posts();
    for (number, post) in posts[..3].iter().enumerate() {
        assert_eq!(post.value()["params"]["progress"], number + 1);
        assert_eq!(post.value()["params"]["progressToken"], "t-1");
    }
    assert_eq!(posts[3].value()["id"], "a-1");
    assert_eq!(posts.len(), 4);
}

/// DP-063: a notification that hangs at the service costs its own few seconds, not the call; those after it are dropped and counted.
#[tokio::test(start_paused = true)]
async fn a_notice_that_hangs_costs_no_answer_dp_063() {
    let desk = Desk::new().deaf_to_notices();
    let servers = Scripted::new(|asked| {
        Play::Say(vec![
            asked.progress(1),
            asked.progress(2),
            asked.progress(3),
            asked.answer(),
        ])
    });
    let relay = support::relay(desk.clone(), servers);
    let start = Instant::now();
    support::handle(&relay, call("r"), start).await;
    assert_eq!(desk.reply("r").origin, Origin::Judged);
    assert_eq!(start.elapsed().as_secs(), 5);
    assert_eq!(relay.records.ended("r").dropped, 2);
}

/// D10: of a flood the first cross, the rest are dropped and counted, and the answer behind them arrives.
#[tokio::test(start_paused = true)]
async fn a_flood_of_notices_costs_no_answer_d10() {
    let desk = Desk::new();
    let servers = Scripted::new(|asked| {
        let flood = (1..=100_000).map(|done| asked.progress(done));
        Play::Say(flood.chain([asked.answer()]).collect())
    });
    let wide = "schema = 1\n[[server]]\nchannel = \"main\"\ntools = [\"echo\"]\n";
    let relay = Relay {
        policy: InForce::first(support::policy(wide), [0; 32]),
        ..support::relay(desk.clone(), servers)
    };
    support::handle(&relay, call("r"), Instant::now()).await;
    assert_eq!(desk.reply("r").origin, Origin::Judged);
    assert_eq!(desk.posts().len(), 10_001);
    let ended = relay.records.ended("r");
    assert_eq!((ended.events, ended.dropped), (100_001, 90_000));
}

/// DP-067, a documented difference: another's answer does not end the call. DP-066: an answer to nobody does, as in the reference client.
#[tokio::test(start_paused = true)]
async fn only_its_own_answer_ends_a_call_dp_066_067() {
    let foreign = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    let nameless = r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"x"}}"#;
    for (text, origin) in [(foreign, Origin::Judged), (nameless, Origin::LocalFailure)] {
        let desk = Desk::new();
        let servers = Scripted::new(move |asked| {
            Play::Say(vec![Line::Text(text.to_owned()), asked.answer()])
        });
        let relay = support::relay(desk.clone(), servers);
        support::handle(&relay, call("r"), Instant::now()).await;
        assert_eq!(desk.reply("r").origin, origin, "{text}");
        let dropped = u64::from(origin == Origin::Judged);
        assert_eq!(relay.records.ended("r").dropped, dropped);
    }
}

/// E2: what is in hand or was answered a short while ago is not carried out again, and not answered again.
#[tokio::test(start_paused = true)]
async fn the_same_command_again_is_recorded_and_no_more_e2() {
    let (desk, servers) = (Desk::new(), Scripted::willing());
    let relay = support::relay(desk.clone(), servers.clone());
    let unusable = r#"{"request_id":"u","shard_token":"s","command_type":"exec"}"#;
    for _ in 0..3 {
        support::handle(&relay, call("r"), Instant::now()).await;
        support::handle(&relay, one(unusable.to_owned()), Instant::now()).await;
    }
    assert_eq!((servers.asked().len(), desk.posts().len()), (1, 2));
    assert_eq!(
        relay.records.ends("r"),
        ["outcome permit ", "refusal duplicate", "refusal duplicate"]
    );
    let other = element("r2", "main", "", CALL);
    support::handle(&relay, one(other), Instant::now()).await;
    assert_eq!(
        servers.asked().len(),
        2,
        "the same message under another id"
    );
}

/// W-18: whoever ends a call that a server works on, the server is told, by the id it knows and once the caller has its reply.
#[tokio::test(start_paused = true)]
async fn the_server_is_told_when_nobody_waits_w_18() {
    type Make = fn(&Asked) -> Play;
    let rows: [(Make, &str, bool); 6] = [
        (|_| Play::Hang, "", true),
        (
            |_| Play::Say(vec![Line::Hang]),
            r#""response_timeout":"3s","#,
            true,
        ),
        (|_| Play::Say(vec![Line::Fail(timed_out())]), "", true),
        (|asked| Play::Say(vec![asked.answer()]), "", false),
        (|_| Play::Say(vec![]), "", false),
        (
            |_| {
                Play::Fail(Failure::new(
                    FailureSource::Connect,
                    FailureKind::ConnectionRefused,
                ))
            },
            "",
            false,
        ),
    ];
    for (number, (play, members, told)) in rows.into_iter().enumerate() {
        let (desk, servers) = (Desk::new(), Scripted::new(play));
        let command = one(element("r", "main", members, CALL));
        handle(&desk, &servers, command).await;
        let id = servers.asked()[0].id();
        let expected = if told { vec![id] } else { vec![] };
        assert_eq!(servers.cancelled(), expected, "row {number}");
    }
    let initialize = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#;
    let servers = Scripted::new(|_| Play::Hang);
    handle(
        &Desk::new(),
        &servers,
        one(element("r", "main", "", initialize)),
    )
    .await;
    assert!(
        servers.cancelled().is_empty(),
        "nobody cancels an initialize"
    );
}

/// W-15, W-16: what we tell a server beside a call is bounded in time, and the caller does not wait for it.
#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_at_everything_holds_nobody_w_15_w_16() {
    let (desk, servers) = (Desk::new(), Scripted::new(|_| Play::Hang).deaf());
    let start = Instant::now();
    handle(&desk, &servers, call("r")).await;
    assert_eq!(desk.reply("r").failure(), "502 timeout/timeout");
    assert_eq!(start.elapsed(), LONG + Duration::from_secs(5));
    let pinging = Scripted::new(|asked| match asked.method().as_str() {
        "tools/call" => Play::Say(vec![
            Line::Text(r#"{"jsonrpc":"2.0","id":"s","method":"ping"}"#.to_owned()),
            asked.answer(),
        ]),
        _ => Play::Hang,
    });
    let (desk, start) = (Desk::new(), Instant::now());
    handle(&desk, &pinging, call("r")).await;
    assert_eq!(desk.reply("r").origin, Origin::Judged);
    assert_eq!(start.elapsed().as_secs(), 5);
}

/// W-01, E8: what a full channel cannot take hears so at once and may try again; a deadline that passes in the queue is told then.
#[tokio::test(start_paused = true)]
async fn a_full_channel_says_so_at_once_and_a_wait_has_an_end_w_01_e8() {
    let desk = Desk::new();
    let servers = Scripted::new(|_| Play::Hang);
    let impatient = r#""response_timeout":"3s","#;
    let elements: Vec<String> = (0..20)
        .map(|n| {
            element(
                &format!("r{n}"),
                "main",
                if n == 15 { impatient } else { "" },
                CALL,
            )
        })
        .collect();
    desk.queue(Ok(polled(&elements)));
    let relay = Arc::new(support::relay(desk.clone(), servers.clone()));
    let running = Loop::start_shared(Arc::clone(&relay));
    sleep(Duration::from_secs(1)).await;
    for n in 16..20 {
        let id = format!("r{n}");
        let reply = desk.reply(&id);
        assert_eq!((reply.code, reply.error_code()), (200, -31403), "{n}");
        assert_eq!(reply.value()["error"]["data"]["retryable"], true);
        assert_eq!(relay.records.ends(&id), ["refusal channel_busy"]);
    }
    sleep(Duration::from_secs(3)).await;
    assert_eq!(relay.records.ends("r15"), ["refusal expired"]);
    running.drain().await;
    assert_eq!(
        servers
            .asked()
            .iter()
            .filter(|a| a.method() == "tools/call")
            .count(),
        4
    );
    assert_eq!(relay.admission.taken(), 0);
}

/// W-01: a hundred slow calls, and one on the channel beside them: it takes as long as it does alone.
#[tokio::test(start_paused = true)]
async fn a_hundred_slow_calls_do_not_slow_the_channel_beside_them_w_01() {
    let desk = Desk::new();
    let servers = Scripted::new(|asked| match asked.channel.as_str() {
        "main" => Play::Say(vec![Line::Wait(Duration::from_secs(5)), asked.answer()]),
        _ => Play::Say(vec![Line::Wait(Duration::from_millis(20)), asked.answer()]),
    });
    for batch in 0..4 {
        let slow = (0..25).map(|n| element(&format!("s{batch}-{n}"), "main", "", CALL));
        let quick = element(&format!("q{batch}"), "other", "", CALL);
        desk.queue(Ok(polled(&slow.chain([quick]).collect::<Vec<_>>())));
    }
    let running = Loop::start(support::relay(desk.clone(), servers));
    sleep(Duration::from_millis(50)).await;
    for batch in 0..4 {
        assert_eq!(desk.reply(&format!("q{batch}")).origin, Origin::Judged);
    }
    running.drain().await;
    assert_eq!(desk.posts().len(), 104, "and each slow one is answered");
}

/// A dropped gate refuses what is in flight and what an open poll still brings; nobody polls until it is raised.
#[tokio::test(start_paused = true)]
async fn a_dropped_gate_refuses_everything_at_once() {
    let desk = Desk::new();
    let servers = Scripted::new(|_| Play::Hang);
    let queued: Vec<String> = (0..6)
        .map(|n| element(&format!("r{n}"), "main", "", CALL))
        .collect();
    desk.queue(Ok(polled(&queued)));
    desk.queue_late(Duration::from_secs(9), Ok(vec![call("late")]));
    let relay = Arc::new(support::relay(desk.clone(), servers.clone()));
    let running = Loop::start_shared(Arc::clone(&relay));
    sleep(Duration::from_secs(1)).await;
    relay.ops.gate.hold(held(Standing::Lowered));
    sleep(Duration::from_secs(10)).await;
    for id in ["r0", "r3", "r4", "r5", "late"] {
        let reply = desk.reply(id);
        assert_eq!(
            (reply.origin, reply.error_code()),
            (Origin::Denial, -31403),
            "{id}"
        );
        assert_eq!(reply.value()["error"]["data"]["retryable"], true);
        assert_eq!(relay.records.ends(id).len(), 1);
        assert!(relay.records.ends(id)[0].ends_with("gate_lowered"));
    }
    assert_eq!(servers.cancelled().len(), 4, "those at the server");
    let polls = desk.polls().len();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(desk.polls().len(), polls);
    relay.ops.gate.let_go(Cause::Operator);
    sleep(Duration::from_secs(1)).await;
    assert!(desk.polls().len() > polls);
    running.drain().await;
}

#[tokio::test(start_paused = true)]
async fn a_quiesced_gate_takes_nothing_and_finishes_what_it_has() {
    let desk = Desk::new();
    let servers =
        Scripted::new(|asked| Play::Say(vec![Line::Wait(Duration::from_secs(5)), asked.answer()]));
    desk.queue(Ok(vec![call("r")]));
    desk.queue_late(Duration::from_secs(2), Ok(vec![call("late")]));
    let relay = Arc::new(support::relay(desk.clone(), servers));
    let running = Loop::start_shared(Arc::clone(&relay));
    sleep(Duration::from_secs(1)).await;
    relay.ops.gate.hold(held(Standing::Quiesced));
    sleep(Duration::from_secs(60)).await;
    for id in ["r", "late"] {
        assert_eq!(desk.reply(id).origin, Origin::Judged, "{id}");
    }
    assert_eq!(desk.polls().len(), 2);
    running.drain().await;
}

/// Nothing goes to a server whose intent could not be written.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_recorded_does_not_cross() {
    let (desk, servers) = (Desk::new(), Scripted::willing());
    let relay = Relay {
        records: Memory::full(),
        ..support::relay(desk.clone(), servers.clone())
    };
    support::handle(&relay, call("r"), Instant::now()).await;
    let reply = desk.reply("r");
    assert_eq!(reply.error_code(), -31403);
    assert_eq!(reply.value()["error"]["data"]["retryable"], true);
    assert!(servers.asked().is_empty());
    assert_eq!(relay.records.ends("r"), ["refusal audit_unavailable"]);
}

/// The intent stands before the message at the server, and both records say what crossed.
#[tokio::test(start_paused = true)]
async fn the_records_of_a_call_say_what_crossed() {
    let (desk, servers) = (Desk::new(), Scripted::willing());
    let relay = support::relay(desk.clone(), servers);
    support::handle(&relay, call("r"), Instant::now()).await;
    let entries = relay.records.entries();
    let [
        Entry::Intent {
            correlation,
            kind,
            method,
            tool,
            request,
            line,
            ..
        },
        Entry::Outcome {
            correlation: same,
            ended,
            ..
        },
    ] = &entries[..]
    else {
        panic!("{entries:?}");
    };
    assert_eq!(
        (*kind, *method, tool.as_str(), *line),
        ("call", "tools/call", "echo", 7)
    );
    assert_eq!((request.as_str(), correlation), (CALL, same));
    assert_eq!(
        (ended.verdict, ended.reply, ended.events),
        ("permit", Ok(200), 1)
    );
    assert_eq!(ended.answer, Some(sealed(&desk.reply("r").json)));
}

/// INVARIANT 7: a panic in the post, or anywhere else, is an end that is recorded as lost.
#[tokio::test(start_paused = true)]
async fn a_panic_while_posting_is_a_recorded_loss() {
    let desk = Desk::judging(|post| match post.request_id.as_str() {
        "bad" => panic!("a post that panics"),
        _ => Ok(Posted::Accepted),
    });
    let relay = support::relay(desk.clone(), Scripted::willing());
    support::handle(&relay, call("bad"), Instant::now()).await;
    support::handle(&relay, call("good"), Instant::now()).await;
    assert_eq!(relay.records.ended("bad").reply, Err("lost"));
    assert_eq!(relay.records.ended("good").reply, Ok(200));
    assert_eq!(relay.admission.taken(), 0);
}

/// A reply nobody takes is given up once, and the place of its command is free again.
#[tokio::test(start_paused = true)]
async fn a_reply_that_is_not_taken_is_posted_once_by_the_relay_dp_060() {
    let desk = Desk::judging(|_| {
        Err(PostError::Status {
            status: 401,
            detail: String::new(),
        })
    });
    handle(&desk, &Scripted::willing(), call("r")).await;
    assert_eq!(desk.posts().len(), 1);
}

/// W-01: the places of a server that hangs are its own.
#[tokio::test(start_paused = true)]
async fn a_slow_channel_does_not_starve_another_w_01() {
    let desk = Desk::new();
    let servers = Scripted::new(|asked| {
        if asked.channel.as_str() == "main" {
            Play::Hang
        } else {
            Play::Say(vec![asked.answer()])
        }
    });
    let mut elements: Vec<String> = (0..8)
        .map(|n| element(&format!("slow{n}"), "main", "", CALL))
        .collect();
    elements.push(element("quick", "other", "", CALL));
    desk.queue(Ok(polled(&elements)));
    let running = Loop::start(support::relay(desk.clone(), servers.clone()));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(desk.reply("quick").origin, Origin::Judged);
    let at_main = servers.asked();
    let at_main = at_main.iter().filter(|a| a.channel.as_str() == "main");
    assert_eq!(
        at_main.count(),
        4,
        "as many at once as the channel may have"
    );
    running.drain().await;
    for n in 0..8 {
        let reply = desk.reply(&format!("slow{n}"));
        assert_eq!(reply.failure(), "502 timeout/timeout");
    }
}

/// B12, W-18: what ends a call must not wait behind it.
#[tokio::test(start_paused = true)]
async fn a_cancellation_does_not_wait_behind_the_calls_it_ends() {
    let desk = Desk::new();
    let servers = Scripted::new(|asked| match asked.method().as_str() {
        "tools/call" => Play::Hang,
        _ => Play::Say(vec![]),
    });
    let numbered = |n: usize| {
        CALL.replace("a-1", &format!("a-{n}"))
            .replace("1e2", &format!("9{n}"))
    };
    let elements: Vec<String> = (0..4)
        .map(|n| element(&format!("c{n}"), "main", "", &numbered(n)))
        .collect();
    desk.queue(Ok(polled(&elements)));
    desk.queue(Ok(polled(&[element(
        "cancel",
        "main",
        "",
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"a-2"}}"#,
    )])));
    let running = Loop::start(support::relay(desk.clone(), servers.clone()));
    sleep(Duration::from_secs(1)).await;
    let reply = desk.reply("cancel");
    assert_eq!(
        (reply.kind, reply.origin),
        (ReplyKind::Ack, Origin::Acknowledgement)
    );
    let asked = servers.asked();
    let third = asked
        .iter()
        .find(|a| a.body.contains(r#""n":92,"#))
        .unwrap();
    let cancelled = format!(r#""requestId":{}}}"#, third.id());
    assert!(asked.last().unwrap().body.contains(&cancelled));
    running.drain().await;
}

/// E8, PL-011: of a batch of more than was asked for, the first run within the places there are, and the rest hear of it at once.
#[tokio::test(start_paused = true)]
async fn a_batch_over_the_limit_loses_nothing_e8_pl_011() {
    let desk = Desk::new();
    let servers = Scripted::new(|asked| {
        Play::Say(vec![Line::Wait(Duration::from_millis(50)), asked.answer()])
    });
    let elements: Vec<String> = (0..300)
        .map(|n| element(&format!("r{n}"), "main", "", CALL))
        .collect();
    desk.queue(Ok(polled(&elements)));
    let running = Loop::start(support::relay(desk.clone(), servers.clone()));
    sleep(Duration::from_secs(10)).await;
    running.drain().await;
    for n in 0..16 {
        assert_eq!(desk.reply(&format!("r{n}")).origin, Origin::Judged, "{n}");
    }
    for n in 16..300 {
        let reply = desk.reply(&format!("r{n}"));
        assert_eq!((reply.origin, reply.code), (Origin::Denial, 200), "{n}");
        assert_eq!(reply.value()["error"]["data"]["retryable"], true, "{n}");
    }
    assert_eq!(desk.posts().len(), 300);
    assert_eq!(servers.asked().len(), 16);
}

/// PL-016 and the drain: no poll after the token, and what was taken is finished.
#[tokio::test(start_paused = true)]
async fn polling_stops_on_the_token_and_running_calls_finish_pl_016() {
    let desk = Desk::new();
    let servers =
        Scripted::new(|asked| Play::Say(vec![Line::Wait(Duration::from_secs(10)), asked.answer()]));
    desk.queue(Ok(vec![call("r")]));
    let running = Loop::start(support::relay(desk.clone(), servers));
    sleep(Duration::from_secs(1)).await;
    let polls = desk.polls().len();
    assert!(desk.posts().is_empty());
    running.drain().await;
    assert_eq!(desk.polls().len(), polls);
    assert_eq!(desk.reply("r").origin, Origin::Judged);
}

/// What an open poll brings after the token still runs: the service handed it over.
#[tokio::test(start_paused = true)]
async fn a_poll_that_is_open_at_the_stop_loses_no_command() {
    let desk = Desk::new();
    desk.queue_late(Duration::from_secs(9), Ok(vec![call("late")]));
    let running = Loop::start(support::relay(desk.clone(), Scripted::willing()));
    sleep(Duration::from_secs(1)).await;
    running.drain().await;
    assert_eq!(desk.reply("late").origin, Origin::Judged);
    assert_eq!(desk.polls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_service_may_ask_for_more_patience_than_the_backoff_rt_001_007() {
    let desk = Desk::new();
    let refused = |retry_after| {
        Err(PollError::Status {
            status: 503,
            detail: String::new(),
            retry_after,
        })
    };
    desk.queue(refused(Some(Duration::from_secs(5))));
    desk.queue(refused(None));
    desk.queue(Ok(Vec::new()));
    let running = Loop::start(support::relay(desk.clone(), Scripted::willing()));
    sleep(Duration::from_secs(20)).await;
    running.drain().await;
    let polls = desk.polls();
    assert!(polls[1].0 - polls[0].0 >= Duration::from_secs(5));
    let second = polls[2].0 - polls[1].0;
    assert!(second >= Duration::from_millis(200), "{second:?}");
    assert!(
        second < Duration::from_secs(1),
        "only the backoff: {second:?}"
    );
}

/// Wire sheet 5.2: an error is tried again forever, ever less often, and success starts the row again.
#[tokio::test(start_paused = true)]
async fn failing_polls_back_off_and_recover_pl_012_pl_014() {
    let desk = Desk::new();
    for error in [
        PollError::Timeout,
        PollError::Transport("connection_refused"),
        PollError::Body("too_large"),
    ] {
        for _ in 0..10 {
            desk.queue(Err(error.clone()));
        }
    }
    desk.queue(Ok(vec![call("r")]));
    desk.queue(Err(PollError::Timeout));
    let running = Loop::start(support::relay(desk.clone(), Scripted::willing()));
    sleep(Duration::from_secs(400)).await;
    running.drain().await;
    let polls = desk.polls();
    let waits: Vec<Duration> = polls.windows(2).map(|p| p[1].0 - p[0].0).collect();
    assert!(waits[..30].iter().all(|w| *w >= Duration::from_millis(200)));
    assert!(waits[..30].iter().all(|w| *w <= Duration::from_secs(11)));
    assert_eq!(waits[31].as_millis() / 10, 20, "the row starts again");
    assert_eq!(desk.reply("r").origin, Origin::Judged);
}

/// Wire sheet 5.2, HAZARD: 401 and 403 are asked again slowly; what breaks off in its body is one recorded loss.
#[tokio::test(start_paused = true)]
async fn a_denial_is_asked_again_slowly_and_a_cut_poll_is_recorded() {
    let desk = Desk::new();
    let denied = |status| {
        Err(PollError::Status {
            status,
            detail: String::new(),
            retry_after: None,
        })
    };
    for status in [401, 403, 401, 403, 401] {
        desk.queue(denied(status));
    }
    desk.queue(Err(PollError::Cut("unexpected_eof")));
    desk.queue(Ok(vec![call("r")]));
    let relay = Arc::new(support::relay(desk.clone(), Scripted::willing()));
    let running = Loop::start_shared(Arc::clone(&relay));
    sleep(Duration::from_secs(600)).await;
    running.drain().await;
    let polls = desk.polls();
    let waits: Vec<Duration> = polls.windows(2).map(|p| p[1].0 - p[0].0).collect();
    assert!(
        waits[..5]
            .iter()
            .all(|wait| (10..=61).contains(&wait.as_secs())),
        "{waits:?}"
    );
    assert!(waits[5] < Duration::from_secs(1), "{waits:?}");
    assert_eq!(desk.reply("r").origin, Origin::Judged);
    let lost = |entry: &Entry| matches!(entry, Entry::PollLost("unexpected_eof"));
    assert_eq!(
        relay.records.entries().iter().filter(|e| lost(e)).count(),
        1
    );
}

/// A service that hands over the same command again and again makes no hot loop either (E2).
#[tokio::test(start_paused = true)]
async fn a_service_that_repeats_itself_makes_no_hot_loop() {
    let desk = Desk::new().hasty();
    for _ in 0..1000 {
        desk.queue(Ok(vec![call("r")]));
    }
    let running = Loop::start(support::relay(desk.clone(), Scripted::willing()));
    sleep(Duration::from_secs(10)).await;
    running.drain().await;
    // Before the first was begun, a few more were asked for; after that the floor holds.
    let polls = desk.polls().len();
    assert!((50..=130).contains(&polls), "{polls}");
    assert_eq!(desk.posts().len(), 1);
}

/// Wire sheet 5.1, HAZARD: a service that answers at once with nothing makes no hot loop.
#[tokio::test(start_paused = true)]
async fn an_instantly_empty_service_makes_no_hot_loop() {
    let desk = Desk::new().hasty();
    let running = Loop::start(support::relay(desk.clone(), Scripted::willing()));
    sleep(Duration::from_secs(10)).await;
    running.drain().await;
    let polls = desk.polls().len();
    assert!((50..=110).contains(&polls), "{polls}");
}

/// The same service with elements nobody can use is as empty.
#[tokio::test(start_paused = true)]
async fn a_service_of_garbage_makes_no_hot_loop_either() {
    let desk = Desk::new().hasty();
    for _ in 0..1000 {
        desk.queue(Ok(polled(&["{}".to_owned(), "null".to_owned()])));
    }
    let running = Loop::start(support::relay(desk.clone(), Scripted::willing()));
    sleep(Duration::from_secs(10)).await;
    running.drain().await;
    let polls = desk.polls().len();
    assert!((50..=110).contains(&polls), "{polls}");
}

/// No poll asks for more than there is room for, and none is sent when there is no room (PL-001).
#[tokio::test(start_paused = true)]
async fn a_full_house_does_not_poll_pl_001() {
    let desk = Desk::new();
    let servers = Scripted::new(|_| Play::Hang);
    let elements: Vec<String> = (0..32)
        .map(|n| element(&format!("r{n}"), ["main", "other"][n % 2], "", CALL))
        .collect();
    desk.queue(Ok(polled(&elements)));
    let running = Loop::start(support::relay(desk.clone(), servers));
    let quiet = timeout(LONG - Duration::from_secs(1), std::future::pending::<()>()).await;
    assert!(quiet.is_err());
    assert_eq!(desk.polls().len(), 1);
    sleep(HELD).await;
    assert!(desk.polls().len() > 1);
    running.drain().await;
    assert!(
        desk.posts()
            .iter()
            .all(|p| p.failure() == "502 timeout/timeout")
    );
}
