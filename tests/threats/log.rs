//! The record of a real agent: what a caller writes cannot break a line of it (F5), and a flood of refusals neither fills nor falsifies it (PF23).

use portcullis::demo::agent::Log;
use portcullis::demo::control_plane::Command;
use portcullis::demo::{Plan, Stage};
use serde_json::Value;

use crate::Ids;

const FLOOD: usize = 400;

pub async fn show() -> Ids {
    let mut stage = Stage::set(
        &Plan::new(env!("CARGO_BIN_EXE_portcullis").into()),
        Log::Kept,
    )
    .await
    .unwrap();
    let odd = "x\\u001b[2J\\n{\\\"kind\\\":\\\"outcome\\\"}\\u2028\\u202e";
    refuse(&stage, &[call(odd)]).await;
    refuse(&stage, &vec![call("nope"); FLOOD]).await;
    assert!(stage.stop_agent().await.unwrap().success());
    let text = std::fs::read_to_string(stage.state().join("audit/000001.jsonl")).unwrap();
    vec![no_line_is_broken(&text), a_flood_is_counted(&text)]
}

fn call(tool: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}"}}}}"#)
}

/// All at once, and each answered with a refusal.
async fn refuse(stage: &Stage, messages: &[String]) {
    let commands = messages.iter().cloned().map(Command::jsonrpc);
    for mut pending in stage.control.enqueue_all(commands) {
        let json = pending.reply().await.unwrap().json.unwrap();
        assert!(json.contains("-31403"), "{json}");
    }
}

fn records(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn no_line_is_broken(text: &str) -> &'static str {
    let is_plain = |b: u8| b == b'\n' || (b' '..=b'~').contains(&b);
    assert!(text.bytes().all(is_plain), "only plain characters");
    let forged = records(text);
    let forged = forged.iter().filter(|record| record["kind"] == "outcome");
    assert_eq!(forged.count(), 0, "no call was let through");
    assert!(text.contains(r"\u001b[2J"), "it is there, escaped");
    "F5"
}

/// The count is exact, and there are far fewer lines than refusals.
fn a_flood_is_counted(text: &str) -> &'static str {
    let records = records(text);
    let of = |kind: &str| -> Vec<&Value> {
        let named =
            |record: &&Value| record["kind"] == kind && record["reason"] == "tool_not_listed";
        records.iter().filter(named).collect()
    };
    let (single, repeated) = (of("refusal"), of("repeated"));
    let counted: u64 = repeated
        .iter()
        .filter_map(|record| record["count"].as_u64())
        .sum();
    let lines = single.len() + repeated.len();
    assert_eq!(single.len() + usize::try_from(counted).unwrap(), FLOOD);
    assert!(lines < FLOOD, "{lines} lines");
    "PF23"
}
