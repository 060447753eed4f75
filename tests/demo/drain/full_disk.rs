//! Told to stop with its hands full and no room for records.

use std::process::ExitStatus;

use portcullis::demo::agent::Log;
use portcullis::demo::control_plane::{Fault, Pending};
use portcullis::demo::mcp_server::McpServer;
use portcullis::demo::policy::{Choice, DEMO};
use portcullis::demo::{Plan, Stage};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tokio::time::timeout;

use super::{HANGS, slow, until};
use crate::exactly_once::{call, plan};
use crate::on_record::{assert_each_intent_ended_once, folder, of_kind, records};

/// So many calls run when the disk becomes full, and as many come after.
const FEW: usize = 4;

/// Told to stop while the disk of the records is full: whoever waits is answered, and what ran is on record once there is room again.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_with_a_full_disk_leaves_nobody_unanswered_and_no_call_off_the_record() {
    let (mut stage, asked) = full().await;
    room(&stage, None);
    let ended = answered(&mut stage, asked).await;
    assert!(ended.success(), "{}", stage.agent.last_lines(30));
    let (verified, records) = records(&folder(&stage));
    assert_eq!(verified.signed, verified.size);
    assert_each_intent_ended_once(&records);
    let intents = of_kind(&records, "intent").len();
    assert_eq!(intents, FEW, "each that ran has its intent");
}

/// Where the disk stays full, the end of the agent says that records are missing.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_cannot_write_its_last_records_does_not_end_well() {
    let (mut stage, asked) = full().await;
    let ended = answered(&mut stage, asked).await;
    assert_eq!(ended.code(), Some(1));
    let told = stage.agent.last_lines(5);
    assert!(
        told.contains("the last records could not be written"),
        "{told}"
    );
}

/// An agent that was told to stop with calls in hand and a full disk. The service holds a reply, so that the drain is not over yet.
async fn full() -> (Stage, Vec<Pending>) {
    let plan = Plan {
        policy: Choice::Text(format!("{DEMO}\n[audit]\ndurability = \"synced\"\n")),
        ..plan()
    };
    let stage = Stage::set(&plan, Log::Kept).await.unwrap();
    let server = stage.server.as_ref().unwrap();
    (0..FEW).for_each(|number| slow(server, number));
    let control = &stage.control;
    let mut asked = control.enqueue_all((0..FEW).map(call));
    timeout(HANGS, until(|| ran(server) == FEW))
        .await
        .expect("they run");
    timeout(HANGS, control.holds_a_poll()).await.unwrap();
    let length = std::fs::metadata(folder(&stage).join("000001.jsonl")).unwrap();
    room(&stage, Some(length.len()));
    control.spoil_posts(1, &Fault::Hold);
    asked.extend(control.enqueue_all((FEW..2 * FEW).map(call)));
    let failing = "records cannot be written";
    timeout(
        HANGS,
        until(|| stage.agent.last_lines(usize::MAX).contains(failing)),
    )
    .await
    .expect("the disk is full");
    stage.agent.ask_to_stop().unwrap();
    let stopping = stage.agent.line(|line| line["message"] == "stopping").await;
    assert!(stopping.is_some(), "{}", stage.agent.last_lines(30));
    (stage, asked)
}

/// How the agent ends once the service takes replies again. Everybody has an answer by then, and nothing more was run.
async fn answered(stage: &mut Stage, asked: Vec<Pending>) -> ExitStatus {
    stage.control.close_polls();
    for mut pending in asked {
        timeout(HANGS, pending.reply()).await.unwrap().unwrap();
    }
    assert_eq!(stage.control.violations(), [""; 0]);
    assert_eq!(stage.control.open_commands(), 0);
    assert_eq!(ran(stage.server.as_ref().unwrap()), FEW);
    timeout(HANGS, stage.agent.end()).await.unwrap().unwrap()
}

/// How many calls the server was given.
fn ran(server: &McpServer) -> usize {
    let heard = server.heard();
    let calls = heard.iter().filter_map(|heard| heard.rpc_method());
    calls.filter(|method| method == "tools/call").count()
}

/// No file of the agent may grow beyond this, in bytes.
fn room(stage: &Stage, current: Option<u64>) {
    let agent = i32::try_from(stage.agent.id()).ok().and_then(Pid::from_raw);
    let limit = Rlimit {
        current,
        maximum: None,
    };
    prlimit(agent, Resource::Fsize, limit).unwrap();
}
