//! A server on trial: what the rules refuse goes in, and the record, the log and the numbers say that the decision was no (PF21).

use portcullis::demo::agent::Log;
use portcullis::demo::control_plane::Command;
use portcullis::demo::mcp_server::DELETE_RECORD;
use portcullis::demo::policy::Choice;
use portcullis::demo::{Plan, Stage};
use serde_json::{Value, json};

use crate::exactly_once::plan;
use crate::on_record::{folder, of_kind, records};

const ON_TRIAL: &str = r#"schema = 1
name = "on-trial"

[[server]]
channel = "main"
tools = ["search_records"]
observe_until = 2099-01-01T00:00:00Z
"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_trial_lets_pass_stays_a_denial_on_record() {
    let plan = Plan {
        policy: Choice::Text(ON_TRIAL.to_owned()),
        ..plan()
    };
    let mut stage = Stage::set(&plan, Log::Kept).await.unwrap();
    let message = json!({
        "jsonrpc": "2.0", "id": 7, "method": "tools/call",
        "params": {"name": DELETE_RECORD, "arguments": {"record": "r"}},
    });
    let mut pending = stage.control.enqueue(Command::jsonrpc(message.to_string()));
    let reply = pending.reply().await.unwrap();
    assert_eq!(reply.value()["result"]["isError"], false, "{reply:?}");
    let told = stage.agent.line(|line| line["enforced"] == false).await;
    let told = told.expect("the log tells what was not enforced");
    assert_eq!(
        (&told["decision"], &told["reason"]),
        (&Value::from("deny"), &Value::from("tool_not_listed"))
    );
    assert!(stage.stop_agent().await.unwrap().success());
    let (_, records) = records(&folder(&stage));
    let intents = of_kind(&records, "intent");
    let [intent] = intents.as_slice() else {
        panic!("one call, one intent: {intents:?}");
    };
    let decided = ["verdict", "enforced", "reason"].map(|name| intent[name].clone());
    assert_eq!(
        decided,
        [json!("deny"), json!(false), json!("tool_not_listed")]
    );
}
