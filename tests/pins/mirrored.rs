//! Arguments repeated in headers, since MCP 2026-07-28: what a server gets is made of the judged body, whatever the caller sent.

use portcullis::demo::control_plane::Command;
use portcullis::demo::mcp_server::{Answer, Heard};
use serde_json::{Value, json};

use crate::place::{asked, outcome, pin, replied, server, stage};

const REVISION: &str = "2026-07-28";

fn annotated() -> Value {
    json!({
        "name": "search_records",
        "inputSchema": {"type": "object", "properties": {
            "query": {"type": "string", "x-mcp-header": "Query"},
            "where": {"type": "object", "properties": {"floor": {"type": "integer", "x-mcp-header": "Floor"}}},
            "loud": {"type": "boolean", "x-mcp-header": "Loud"},
            "plain": {"type": "string"},
        }},
    })
}

fn called(tool: &str, arguments: &Value) -> Command {
    let body = json!({
        "jsonrpc": "2.0", "id": 7, "method": "tools/call",
        "params": {
            "name": tool, "arguments": arguments,
            "_meta": {"io.modelcontextprotocol/protocolVersion": REVISION},
        },
    });
    Command::jsonrpc(body.to_string())
        .header("Mcp-Protocol-Version", REVISION)
        .header("Mcp-Method", "tools/call")
        .header("Mcp-Name", tool)
        .header("Mcp-Param-Query", "forged")
        .header("Mcp-Param-Loud", "true")
        .header("Mcp-Param-Evil", "1")
}

fn mirrored(heard: &Heard) -> Vec<(&str, &str)> {
    let all = heard.headers.iter();
    let mut mirrored: Vec<_> = all
        .filter(|(name, _)| name.starts_with("mcp-param-"))
        .map(|(name, value)| (name.as_str(), std::str::from_utf8(value).unwrap()))
        .collect();
    mirrored.sort_unstable();
    mirrored
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_gets_headers_that_were_made_of_the_body() {
    let rules = "args.query = { type = \"string\" }\nargs.where = { type = \"object\", fields = { floor = { type = \"integer\" } } }\nargs.plain = { type = \"string\" }\n";
    let policy = format!(
        "schema = 1\n\n[[server]]\nchannel = \"main\"\ntools = [\"slow_count\"]\n\n[[server.tool]]\nname = \"search_records\"\npin = \"{}\"\n{rules}",
        pin(&annotated())
    );
    let stage = stage(policy).await;
    let ran = |heard: &Heard| Answer::result(heard, r#"{"content":[],"isError":false}"#);
    let list = |heard: &Heard| Answer::result(heard, &json!({"tools": [annotated()]}).to_string());
    let whole = json!({"query": "caf\u{e9}", "where": {"floor": -3}, "plain": "x"});
    server(&stage).script(list);
    for arguments in [whole.clone(), json!({"plain": "x"})] {
        server(&stage).script(ran);
        let reply = replied(stage.control.enqueue(called("search_records", &arguments))).await;
        assert_eq!(outcome(&reply), Ok(()));
    }
    // Of a tool that is not pinned no definition is known.
    server(&stage).script(ran);
    let reply = replied(stage.control.enqueue(called("slow_count", &whole))).await;
    assert_eq!(outcome(&reply), Ok(()));
    let calls = asked(&stage, "tools/call");
    let sent: Vec<_> = calls.iter().map(mirrored).collect();
    assert_eq!(
        sent,
        [
            vec![
                ("mcp-param-floor", "-3"),
                ("mcp-param-query", "=?base64?Y2Fmw6k=?=")
            ],
            vec![],
            vec![]
        ]
    );
    let listed = asked(&stage, "tools/list");
    assert!(listed.iter().all(|heard| mirrored(heard).is_empty()));
}
