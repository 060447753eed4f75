//! A slow channel is slow for itself alone (W-01). How much faster than that the other is, the benchmark shows.

use std::time::Duration;

use portcullis::demo::agent::Log;
use portcullis::demo::mcp_server::{Answer, Piece, SEARCH_RECORDS};
use portcullis::demo::policy::Choice;
use portcullis::demo::{Plan, Stage};
use tokio::time::timeout;

use crate::exactly_once::{call, is_answer_to, plan};

const SLOW: usize = 100;
const FAST: usize = 300;
const HANGS: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_calls_queued_on_a_slow_channel_hold_up_no_other_w_01() {
    let policy = ["main", "slow"].map(|channel| {
        format!("[[server]]\nchannel = \"{channel}\"\ntools = [\"{SEARCH_RECORDS}\"]\n")
    });
    let plan = Plan {
        policy: Choice::Text(format!("schema = 1\n{}", policy.concat())),
        channels: vec!["slow".to_owned()],
        flags: vec!["--control-plane.max-inflight".into(), "100".into()],
        ..plan()
    };
    let stage = Stage::set(&plan, Log::Kept).await.unwrap();
    let slow = stage.others.first().unwrap();
    for _ in 0..SLOW {
        slow.script(|_| Answer::events().first(Piece::Hang));
    }
    let stuck: Vec<_> = (0..SLOW)
        .map(|number| stage.control.enqueue(call(number).channel("slow")))
        .collect();
    for number in SLOW..SLOW + FAST {
        let mut pending = stage.control.enqueue(call(number));
        let reply = timeout(HANGS, pending.reply()).await;
        let reply = reply.expect("the fast channel goes on").unwrap();
        assert!(is_answer_to(number, &reply), "{number}: {reply:?}");
    }
    assert_eq!(stage.control.open_commands(), stuck.len());
}
