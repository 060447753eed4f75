//! The agent lists first: once for all who wait, on the caller's session, on record, and posted nowhere.

use portcullis::demo::control_plane::Command;
use portcullis::demo::mcp_server::{Answer, Definitions, Piece};
use serde_json::{Value, json};

use crate::place::{
    Caller, asked, drifted, outcome, policy, records, replied, reviewed, server, stage,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_lists_once_for_all_who_wait_and_keeps_what_it_reads() {
    let mut stage = stage(policy("")).await;
    let other = json!({"name": "other", "inputSchema": {"type": "object"}});
    server(&stage).redefine(Definitions {
        pages: vec![vec![other.clone()], vec![other], vec![reviewed()]],
        instructions: String::new(),
    });
    let caller = Caller::connect(&stage).await;
    let waiting: Vec<_> = (0..6).map(|_| caller.search()).collect();
    for call in waiting {
        assert_eq!(outcome(&replied(call).await), Ok(()));
    }
    assert_eq!(caller.searches().await, Ok(()));
    let listed = asked(&stage, "tools/list");
    assert_eq!(listed.len(), 3, "three pages, once");
    let session = asked(&stage, "tools/call")[0]
        .header("mcp-session-id")
        .map(str::to_owned);
    for (number, heard) in listed.iter().enumerate() {
        let message: Value = serde_json::from_slice(&heard.body).unwrap();
        let cursor = (number > 0).then(|| json!(number.to_string()));
        assert_eq!(message["params"].get("cursor"), cursor.as_ref());
        assert_eq!(heard.header("mcp-session-id").map(str::to_owned), session);
        assert_eq!(heard.header("authorization"), Some("Bearer caller"));
    }
    // Another session has seen nothing of it.
    let second = Caller::connect(&stage).await;
    assert_eq!(second.searches().await, Ok(()));
    assert_eq!(asked(&stage, "tools/list").len(), 6);
    drop((caller, second));
    assert!(
        stage.control.violations().is_empty(),
        "{:?}",
        stage.control.violations()
    );
    assert!(stage.stop_agent().await.unwrap().success());
    let records = records(&stage);
    let own = records.matches("\"message\":\"agent\"").count();
    assert_eq!(
        own, 6,
        "each page is on record as the agent's own: {records}"
    );
    assert_eq!(
        records.matches("\"verdict\":\"kept\"").count(),
        6,
        "and where it went"
    );
}

/// A listing that fails refuses that call for now; the next lists anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_fails_is_tried_again_by_the_next_call() {
    let stage = stage(policy("")).await;
    let caller = Caller::connect(&stage).await;
    type Make = fn() -> Answer;
    let failing: [Make; 4] = [
        || Answer::json("{"),
        || Answer::status(hyper::StatusCode::INTERNAL_SERVER_ERROR),
        || Answer::json(r#"{"jsonrpc":"2.0","id":1,"result":{"tools":7}}"#),
        || Answer::events().then(Piece::Cut),
    ];
    for make in failing {
        server(&stage).script(move |_| make());
        assert_eq!(caller.searches().await, Err(true), "may be tried again");
        let told = stage
            .agent
            .line(|line| line["reason"] == "listing_failed")
            .await;
        assert!(told.is_some());
    }
    assert!(server(&stage).tools_run().is_empty());
    assert_eq!(caller.searches().await, Ok(()));
    assert_eq!(asked(&stage, "tools/list").len(), 5);
}

/// A session that is gone is told as the server tells it, so that the caller opens another.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_gone_is_told_by_its_status() {
    let stage = stage(policy("")).await;
    let caller = Caller::connect(&stage).await;
    server(&stage).script(|_| Answer::status(hyper::StatusCode::NOT_FOUND));
    let reply = replied(caller.search()).await;
    assert_eq!(reply.code, 404, "{reply:?}");
    assert!(server(&stage).tools_run().is_empty());
}

/// What would be refused anyway costs the server nothing, and what is known not to be there is not looked for again.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_listed_in_vain() {
    let stage = stage(policy("")).await;
    let caller = Caller::connect(&stage).await;
    let bad = json!({"name": "search_records", "arguments": {"query": 7}});
    assert_eq!(outcome(&caller.ask("tools/call", bad).await), Err(false));
    assert!(asked(&stage, "tools/list").is_empty());
    server(&stage).redefine(Definitions::of(vec![]));
    for _ in 0..3 {
        assert_eq!(caller.searches().await, Err(false), "it is not there");
    }
    assert_eq!(asked(&stage, "tools/list").len(), 1);
}

/// The caller's own listing does as well, and shows no tool that could not be called.
#[tokio::test(flavor = "multi_thread")]
async fn the_callers_own_listing_is_evidence_too() {
    let stage = stage(policy("")).await;
    let caller = Caller::connect(&stage).await;
    let shown = caller.ask("tools/list", json!({})).await.value();
    assert_eq!(shown["result"]["tools"][0]["name"], "search_records");
    assert_eq!(caller.searches().await, Ok(()));
    assert_eq!(
        asked(&stage, "tools/list").len(),
        1,
        "the agent asks nothing that it knows"
    );
    server(&stage).redefine(Definitions::of(vec![
        drifted(),
        json!({"name": "slow_count"}),
    ]));
    let shown = caller.ask("tools/list", json!({})).await.value();
    assert_eq!(shown["result"]["tools"], json!([{"name": "slow_count"}]));
    assert_eq!(caller.searches().await, Err(false));
}

/// Who reads the log sees what callers did not: by name, and nothing of its definition.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_out_of_a_listing_is_on_record_by_name() {
    let mut stage = stage(policy("")).await;
    let hidden = json!({"name": "wipe\u{202e}", "description": "canary"});
    server(&stage).redefine(Definitions::of(vec![drifted(), hidden]));
    let caller = Caller::connect(&stage).await;
    caller.ask("tools/list", json!({})).await;
    assert!(stage.stop_agent().await.unwrap().success());
    let records = records(&stage);
    let named = r#""removed":2,"removed_names":["search_records","wipe\u202e"],"dropped""#;
    assert!(records.contains(named), "{records}");
    assert!(!records.contains("canary"), "{records}");
}

/// A server without sessions: the evidence is the caller's own as well.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_session_each_caller_is_listed_for() {
    let stage = stage(policy("")).await;
    let body = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"search_records","arguments":{"query":"x"}}}"#;
    let list = |tool: Value| {
        move |heard: &portcullis::demo::mcp_server::Heard| {
            Answer::result(heard, &json!({"tools": [tool]}).to_string())
        }
    };
    let ran = |heard: &portcullis::demo::mcp_server::Heard| {
        Answer::result(heard, r#"{"content":[],"isError":false}"#)
    };
    for bearer in ["Bearer one", "Bearer two"] {
        server(&stage).script(list(reviewed()));
        for _ in 0..2 {
            server(&stage).script(ran);
            let command = Command::jsonrpc(body).header("Authorization", bearer);
            let reply = replied(stage.control.enqueue(command)).await;
            assert_eq!(outcome(&reply), Ok(()));
        }
    }
    assert_eq!(asked(&stage, "tools/list").len(), 2);
}
