//! The client of the Rust SDK through the real path: it opens a session, lists, calls, is refused, gets progress, and leaves.

use portcullis::demo::mcp_server::{DELETE_RECORD, McpServer, Options, SEARCH_RECORDS, SLOW_COUNT};
use portcullis::demo::net::Door;
use rmcp::model::{CallToolRequestParams, JsonObject};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::{ServiceError, ServiceExt as _};
use serde_json::{Value, json};

use crate::serve::Served;

fn arguments(value: &Value) -> JsonObject {
    value.as_object().unwrap().clone()
}

type Sdk = rmcp::service::RunningService<rmcp::RoleClient, ()>;

async fn connected(url: &str) -> Sdk {
    let transport = StreamableHttpClientTransport::from_uri(url.to_owned());
    ().serve(transport).await.unwrap()
}

async fn tools(client: &Sdk) -> Vec<String> {
    let listed = client.list_all_tools().await.unwrap().into_iter();
    let mut names: Vec<String> = listed.map(|tool| tool.name.into_owned()).collect();
    names.sort();
    names
}

/// What every round does: a listed tool is found and runs.
async fn search(client: &Sdk) {
    let search = CallToolRequestParams::new(SEARCH_RECORDS)
        .with_arguments(arguments(&json!({"query": "alice"})));
    let found = client.call_tool(search).await.unwrap();
    let text = serde_json::to_string(&found).unwrap();
    assert!(text.contains("alice: invoice 17"), "{text}");
}

fn delete() -> CallToolRequestParams {
    CallToolRequestParams::new(DELETE_RECORD).with_arguments(arguments(&json!({"record": "x"})))
}

#[tokio::test]
async fn the_rust_sdk_sees_what_is_listed_and_is_refused_the_rest() {
    let served = Served::start(&[]);
    let client = connected(&served.url).await;
    assert_eq!(tools(&client).await, [SEARCH_RECORDS, SLOW_COUNT]);
    search(&client).await;
    let Err(ServiceError::McpError(refusal)) = client.call_tool(delete()).await else {
        panic!("the call was answered")
    };
    assert_eq!(refusal.code.0, -31403);
    client.cancel().await.unwrap();
    served.stop();
}

/// The same client without the agent between: what is refused there runs here, so the refusal is the agent's.
#[tokio::test]
async fn directly_the_same_client_sees_and_runs_everything() {
    let server = McpServer::start(Door::plain(), Options::default())
        .await
        .unwrap();
    let client = connected(&server.url()).await;
    assert_eq!(
        tools(&client).await,
        [DELETE_RECORD, SEARCH_RECORDS, SLOW_COUNT]
    );
    search(&client).await;
    client.call_tool(delete()).await.unwrap();
    assert_eq!(server.tools_run(), [SEARCH_RECORDS, DELETE_RECORD]);
    client.cancel().await.unwrap();
}
