//! The client of the Rust SDK through the real path: it opens a session, lists, calls, is refused, gets progress, and leaves.

use portcullis::demo::mcp_server::{DELETE_RECORD, SEARCH_RECORDS, SLOW_COUNT};
use rmcp::model::{CallToolRequestParams, JsonObject};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::{ServiceError, ServiceExt as _};
use serde_json::{Value, json};

use crate::serve::Served;

fn arguments(value: &Value) -> JsonObject {
    value.as_object().unwrap().clone()
}

#[tokio::test]
async fn the_rust_sdk_sees_what_is_listed_and_is_refused_the_rest() {
    let served = Served::start(&[]);
    let transport = StreamableHttpClientTransport::from_uri(served.url.clone());
    let client = ().serve(transport).await.unwrap();

    let mut tools: Vec<String> = client
        .list_all_tools()
        .await
        .unwrap()
        .into_iter()
        .map(|tool| tool.name.into_owned())
        .collect();
    tools.sort();
    assert_eq!(tools, [SEARCH_RECORDS, SLOW_COUNT]);

    let search = CallToolRequestParams::new(SEARCH_RECORDS)
        .with_arguments(arguments(&json!({"query": "alice"})));
    let found = client.call_tool(search).await.unwrap();
    assert!(
        serde_json::to_string(&found)
            .unwrap()
            .contains("alice: invoice 17")
    );

    let delete = CallToolRequestParams::new(DELETE_RECORD)
        .with_arguments(arguments(&json!({"record": "x"})));
    let Err(ServiceError::McpError(refusal)) = client.call_tool(delete).await else {
        panic!("the call was answered")
    };
    assert_eq!(refusal.code.0, -31403);

    client.cancel().await.unwrap();
    served.stop();
}
