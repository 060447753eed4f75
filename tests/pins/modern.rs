//! `policy init` and `policy pins` against a server that speaks MCP 2026-07-28 alone: no session, and every request says of itself what it is.

use serde_json::{Value, json};

use crate::place::pin;
use crate::support::raw::{Act, Raw, Seen, json as answer, reply};
use crate::tools::{portcullis, uncommented};

const REVISION: &str = "2026-07-28";

fn tool() -> Value {
    json!({"name": "lookup", "inputSchema": {"type": "object", "properties": {"id": {"type": "string"}}}})
}

/// Refuses whatever is not as the revision wants it.
fn modern(seen: &Seen) -> Vec<Act> {
    let message: Value = serde_json::from_str(&seen.body).unwrap();
    let refuse = |status, code| {
        let error = json!({"jsonrpc": "2.0", "id": message["id"], "error": {"code": code, "message": "no"}});
        let headers = "Content-Type: application/json\r\n";
        vec![reply(status, headers, &error.to_string())]
    };
    let method = message["method"].as_str().unwrap();
    if method == "initialize" {
        return refuse("404 Not Found", -32601);
    }
    let meta = &message["params"]["_meta"];
    let part = |name: &str| &meta[format!("io.modelcontextprotocol/{name}")];
    let routed = seen.header("mcp-method").as_deref() == Some(method)
        && seen.header("mcp-protocol-version").as_deref() == Some(REVISION)
        && *part("protocolVersion") == REVISION
        && seen.header("mcp-session-id").is_none();
    if !routed || !part("clientInfo").is_object() || !part("clientCapabilities").is_object() {
        return refuse("400 Bad Request", -32020);
    }
    let mut result = match (method, message["params"]["cursor"].as_str()) {
        ("server/discover", _) => json!({
            "supportedVersions": [REVISION], "capabilities": {"tools": {}, "prompts": {}},
            "serverInfo": {"name": "s", "version": "1"}, "instructions": "Look first.",
        }),
        ("tools/list", None) => json!({"tools": [tool()], "nextCursor": "2"}),
        ("tools/list", Some("2")) => json!({"tools": [{"name": "other"}]}),
        ("prompts/list", None) => json!({"prompts": [{"name": "greet"}]}),
        _ => return refuse("404 Not Found", -32601),
    };
    result["resultType"] = json!("complete");
    vec![answer(
        &json!({"jsonrpc": "2.0", "id": message["id"], "result": result}).to_string(),
    )]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_sessions_is_surveyed_too() {
    let server = Raw::start(modern).await;
    let url = server.url().to_string();
    let (code, draft, err) = portcullis(&["init", "--from-server", &url]).await;
    assert_eq!(code, 0, "{err}");
    for part in [
        format!("pin = \"{}\"", pin(&tool())),
        "name = \"other\"".to_owned(),
        "name = \"greet\"".to_owned(),
        "\ninstructions = \"sha256:".to_owned(),
    ] {
        assert!(draft.contains(&part), "{part}: {draft}");
    }
    let asked = |seen: &Seen| {
        let message: Value = serde_json::from_str(&seen.body).unwrap();
        message["method"].as_str().unwrap().to_owned()
    };
    let methods: Vec<String> = server.seen().iter().map(asked).collect();
    let listed = ["tools/list", "tools/list", "prompts/list"];
    assert_eq!(methods[..2], ["initialize", "server/discover"]);
    assert_eq!(methods[2..], listed, "no session is opened or ended");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.toml");
    std::fs::write(&file, uncommented(&draft)).unwrap();
    let path = file.to_str().unwrap();
    let (code, out, err) = portcullis(&["pins", path, "--from-server", &url]).await;
    let same = "unchanged  instructions\nunchanged  lookup\nunchanged  other\n";
    assert_eq!((code, out.as_str()), (0, same), "{err}");
}

/// What a server says that speaks neither way.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_declines_both_ways_is_told_of() {
    let server = Raw::start(|_| vec![reply("400 Bad Request", "", "")]).await;
    let url = server.url().to_string();
    let (code, _, err) = portcullis(&["init", "--from-server", &url]).await;
    assert_eq!(code, 1);
    for what in ["initialize", "server/discover"] {
        let told = format!("answered `{what}` with the HTTP status 400");
        assert!(err.contains(&told), "{err}");
    }
}
