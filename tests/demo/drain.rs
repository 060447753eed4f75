//! Told to stop with its hands full, the agent finishes everything it took: what runs, what waits for its turn, and what the open poll
//! still brings.

mod full_disk;

use std::collections::HashMap;
use std::time::Duration;

use portcullis::demo::agent::Log;
use portcullis::demo::control_plane::Pending;
use portcullis::demo::mcp_server::{Answer, McpServer, Piece};
use portcullis::demo::{Plan, Stage};
use tokio::time::{sleep, timeout};

use crate::exactly_once::{call, is_answer_to, plan};
use crate::on_record::{assert_each_intent_ended_once, folder, records};

const RUNNING: usize = 32;
const WAITING: usize = 10;
const LATE: usize = 2;
/// Longer than anything here may take; it only ends a test that would hang.
const HANGS: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_with_44_commands_in_hand_leaves_none_unanswered() {
    let running = RUNNING.to_string();
    let flags = [
        ("--mcp.max-concurrent-requests", running.as_str()),
        ("--control-plane.max-inflight", "100"),
    ];
    let flags = flags.iter().flat_map(|(flag, value)| [*flag, *value]);
    let plan = Plan {
        flags: flags.map(str::to_owned).collect(),
        ..plan()
    };
    let mut stage = Stage::set(&plan, Log::Kept).await.unwrap();
    let server = stage.server.as_ref().unwrap();
    (0..RUNNING + WAITING + LATE).for_each(|number| slow(server, number));
    let control = stage.control.clone();
    let ask = |number| (number, control.enqueue(call(number)));
    let mut asked: Vec<(usize, Pending)> = (0..RUNNING + WAITING).map(ask).collect();
    timeout(
        HANGS,
        until(|| control.queued() == 0 && server.heard().len() >= RUNNING),
    )
    .await
    .expect("the agent takes all and runs as many as it may");
    timeout(HANGS, control.holds_a_poll()).await.unwrap();
    stage.agent.ask_to_stop().unwrap();
    sleep(Duration::from_millis(300)).await;
    let late = RUNNING + WAITING..RUNNING + WAITING + LATE;
    asked.extend(late.clone().zip(control.enqueue_all(late.map(call))));
    timeout(HANGS, until(|| control.queued() == 0))
        .await
        .expect("the open poll is awaited");
    for (number, pending) in &mut asked {
        let reply = timeout(HANGS, pending.reply()).await.unwrap().unwrap();
        assert!(is_answer_to(*number, &reply), "{number}: {reply:?}");
    }
    assert!(
        timeout(HANGS, stage.agent.end())
            .await
            .unwrap()
            .unwrap()
            .success()
    );
    assert_eq!(control.violations(), [""; 0]);
    assert_eq!(control.open_commands(), 0);
    let (_, records) = records(&folder(&stage));
    let verdicts = assert_each_intent_ended_once(&records);
    let all = RUNNING + WAITING + LATE;
    assert_eq!(verdicts, HashMap::from([("allow".to_owned(), all)]));
}

/// The next call takes 3 to 8 s.
fn slow(server: &McpServer, number: usize) {
    let seconds = 3 + u64::try_from(number % 6).unwrap();
    server.script(move |heard| {
        Answer::result(heard, r#"{"content":[],"isError":false}"#)
            .first(Piece::Wait(Duration::from_secs(seconds)))
    });
}

/// Returns once the condition holds.
pub(crate) async fn until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        sleep(Duration::from_millis(10)).await;
    }
}
