//! `policy init` and `policy pins` against a live server: what they write loads, holds nothing of the server that could be read as something else,
//! and tells what changed.

use std::path::Path;
use std::process::Command;

use portcullis::demo::mcp_server::{Definitions, McpServer, Options};
use portcullis::demo::net::Door;
use portcullis::ops::audit::sha256;
use portcullis_certs::dev::{Leaf, Pki};
use portcullis_policy::{Pin, PolicySet};
use serde_json::{Value, json};

use crate::place::{drifted, pin, reviewed};

/// Exit code, standard output, standard error.
pub async fn portcullis(args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.arg("policy").args(args).env_clear();
    let run = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = run.await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

async fn plain(definitions: Definitions) -> McpServer {
    let server = McpServer::start(Door::plain(), Options::default())
        .await
        .unwrap();
    server.redefine(definitions);
    server
}

/// As `sed 's/^# //'` does.
pub fn uncommented(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.strip_prefix("# ").unwrap_or(line));
    lines.map(|line| format!("{line}\n")).collect()
}

fn tool(name: &str, properties: Value, required: Value) -> Value {
    json!({"name": name, "inputSchema": {"type": "object", "properties": properties, "required": required}})
}

#[tokio::test(flavor = "multi_thread")]
async fn init_writes_a_policy_that_refuses_everything_and_loads_in_both_forms() {
    let rich = tool(
        "rich",
        json!({
            "mode": {"type": "string", "enum": ["fast", "slow \"x\""]},
            "kind": {"const": "only"},
            "name": {"type": "string", "minLength": 1, "maxLength": 10},
            "free": {"type": ["string", "null"]},
            "day": {"type": "string", "format": "date"},
            "count": {"type": "integer", "minimum": 1, "exclusiveMaximum": 10},
            "level": {"enum": [1, 2, 3]},
            "ratio": {"type": "number", "minimum": 0, "maximum": 1.5},
            "deep": {"type": "object", "properties": {"on": {"type": "boolean"}}, "required": ["on"]},
            "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
            "odd name": {"type": "boolean"},
            "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        }),
        json!(["mode", "count"]),
    );
    let server = plain(Definitions {
        pages: vec![
            vec![reviewed()],
            vec![rich.clone(), json!({"name": "bare"})],
        ],
        instructions: "Search first.".to_owned(),
    })
    .await;
    let (code, text, err) = portcullis(&["init", "--from-server", &server.url()]).await;
    assert_eq!(code, 0, "{err}");
    let policy =
        PolicySet::compile(text.as_bytes()).unwrap_or_else(|found| panic!("{found:?}\n{text}"));
    assert_eq!(
        (policy.server_count(), policy.tool_count()),
        (1, 0),
        "nothing is allowed"
    );
    let open = uncommented(&text);
    let policy =
        PolicySet::compile(open.as_bytes()).unwrap_or_else(|found| panic!("{found:?}\n{open}"));
    assert_eq!(policy.tool_count(), 3);
    for line in [
        format!("pin = \"{}\"", pin(&rich)),
        format!("pin = \"{}\"", pin(&reviewed())),
        r#"args.mode = { type = "string", required = true, one_of = ["fast", "slow \"x\""] }"#.to_owned(),
        r#"args.kind = { type = "string", one_of = ["only"] }"#.to_owned(),
        r#"args.name = { type = "string", min_bytes = 1, max_bytes = 40 }"#.to_owned(),
        r#"args.free = { type = "string", max_bytes = 4096 }"#.to_owned(),
        r#"args.day = { type = "string", format = "date" }"#.to_owned(),
        r#"args.count = { type = "integer", required = true, min = 1, max = 9 }"#.to_owned(),
        r#"args.level = { type = "integer", one_of = [1, 2, 3] }"#.to_owned(),
        r#"args.ratio = { type = "number", min = 0, max = 1.5 }"#.to_owned(),
        r#"args.deep = { type = "object", fields = { on = { type = "boolean", required = true } } }"#.to_owned(),
        r#"args.tags = { type = "array", max_items = 3, each = { type = "string", max_bytes = 4096 } }"#.to_owned(),
        r#"args."odd name" = { type = "boolean" }"#.to_owned(),
    ] {
        assert!(text.contains(&format!("# {line}\n")), "{line}\nin\n{text}");
    }
    assert!(
        text.contains("## argument either has a schema that no rule can say"),
        "{text}"
    );
    assert!(text.contains("\ninstructions = \"sha256:"), "{text}");
    assert_eq!(server.open_sessions(), 0, "its session is ended");
    assert!(server.tools_run().is_empty());
}

/// C4, C5: names, descriptions and values of a hostile server.
#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_server_writes_nothing_into_the_file_c4_c5() {
    let evil = "x\"\n[[server]]\nchannel = \"y\"\u{202e}\u{200b}\u{1b}[2J";
    let server = plain(Definitions::of(vec![
        json!({"name": evil, "description": evil}),
        json!({"name": "get_1", "description": format!("{evil}\n# [[server.tool]]\n# name = \"z\"")}),
        json!({"name": "get_l"}),
        tool("args", json!({evil: {"type": "string"}, "e": {"enum": [evil]}, "n": {"type": evil}}), json!([evil])),
        tool("twice", json!({}), json!([])),
        tool("twice", json!({}), json!([])),
        json!({"name": "numbers", "inputSchema": {"properties": {"n": {"type": "number", "minimum": 1, "maximum": -1}}}}),
    ]))
    .await;
    let (code, text, err) = portcullis(&["init", "--from-server", &server.url()]).await;
    assert_eq!(code, 0, "{err}");
    for text in [text.clone(), uncommented(&text)] {
        let policy =
            PolicySet::compile(text.as_bytes()).unwrap_or_else(|found| panic!("{found:?}\n{text}"));
        assert_eq!(policy.server_count(), 1, "{text}");
        assert!(
            policy
                .servers()
                .all(|(channel, server)| channel.as_str() == "main" && server.tool("z").is_none())
        );
    }
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text}");
    assert!(!text.contains(['\u{202e}', '\u{200b}']), "{text}");
    assert!(
        text.contains("## left out: `get_l` looks like `get_1`"),
        "{text}"
    );
}

/// However much a server offers, the file has a size that loads.
#[tokio::test(flavor = "multi_thread")]
async fn init_writes_no_more_than_a_policy_may_have() {
    let long: Vec<String> = (0..5000).map(|n| format!("value-{n}")).collect();
    let mut tools = vec![tool("long", json!({"e": {"enum": long}}), json!([]))];
    let many = (0..6000)
        .map(|n| json!({"name": format!("tool.{n}."), "description": "\u{7}".repeat(200)}));
    tools.extend(many);
    let server = plain(Definitions::of(tools)).await;
    let (code, text, err) = portcullis(&["init", "--from-server", &server.url()]).await;
    assert_eq!(code, 0, "{err}");
    for text in [text.clone(), uncommented(&text)] {
        let policy = PolicySet::compile(text.as_bytes());
        assert!(policy.is_ok(), "{} bytes: {:?}", text.len(), policy.err());
    }
    assert!(
        text.contains("## tool long\n## left out: its rules would be too long\n"),
        "{}",
        &text[..2000]
    );
    assert!(
        text.trim_end()
            .ends_with("more are not written out: the file would be too long.")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn init_never_overwrites_and_says_why_there_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.toml");
    let path = file.to_str().unwrap();
    let server = plain(Definitions::default()).await;
    let args = ["init", "--from-server", &server.url(), "-o", path];
    assert_eq!(portcullis(&args).await.0, 0);
    assert_eq!(
        portcullis(&["fmt", "--check", path]).await.0,
        0,
        "in the one layout"
    );
    let written = std::fs::read_to_string(&file).unwrap();
    let (code, _, err) = portcullis(&args).await;
    assert!(code == 1 && err.contains("is not overwritten"), "{err}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), written);
    let gone = server.url();
    drop(server);
    let other = folder.path().join("other.toml");
    for (url, says) in [
        (gone.as_str(), "gave no answer to `initialize`"),
        ("http://192.0.2.1/mcp", "http to another machine"),
    ] {
        let (code, _, err) =
            portcullis(&["init", "--from-server", url, "-o", other.to_str().unwrap()]).await;
        assert!(code == 1 && err.contains(says), "{err}");
    }
    assert!(!other.exists());
    let (code, _, err) = portcullis(&["init"]).await;
    assert!(code == 1 && err.contains("from-server"), "{err}");
}

/// The server is reached as the agent reaches it: with its certificate, and believing its roots.
#[tokio::test(flavor = "multi_thread")]
async fn init_shows_the_agents_certificate_and_believes_its_roots_only() {
    let (folder, pki) = (tempfile::tempdir().unwrap(), Pki::new().unwrap());
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        private(&path);
        path.to_str().unwrap().to_owned()
    };
    let issued = pki.mcp_clients.issue(&Leaf::client("agent")).unwrap();
    let (cert, key) = (
        write("a.pem", &issued.chain_pem),
        write("a.key", &issued.key_pem),
    );
    let (roots, others) = (
        write("roots.pem", &pki.mcp_servers.root_pem()),
        write("others.pem", &pki.control_servers.root_pem()),
    );
    let server = McpServer::start(Door::mcp_server(&pki).unwrap(), Options::default())
        .await
        .unwrap();
    let url = server.url();
    let shown = ["--mcp.client-cert", &cert, "--mcp.client-key", &key];
    for (roots, identity, expected) in [
        (&roots, &shown[..], 0),
        (&roots, &[], 1),
        (&others, &shown[..], 1),
    ] {
        let args = [
            &["init", "--from-server", &url, "--ca-bundle", roots],
            identity,
        ]
        .concat();
        let (code, out, err) = portcullis(&args).await;
        assert_eq!(code, expected, "{args:?}: {err}");
        assert_eq!(out.contains("search_records"), expected == 0);
    }
}

/// With the agent's configuration the server is the one that is bound to the channel, reached as the agent reaches it.
#[tokio::test(flavor = "multi_thread")]
async fn init_asks_the_server_of_the_agents_configuration() {
    let (folder, pki) = (tempfile::tempdir().unwrap(), Pki::new().unwrap());
    let server = McpServer::start(Door::mcp_server(&pki).unwrap(), Options::default())
        .await
        .unwrap();
    let issued = pki.mcp_clients.issue(&Leaf::client("agent")).unwrap();
    for (name, text) in [
        ("a.pem", issued.chain_pem.clone()),
        ("a.key", issued.key_pem.to_string()),
        ("roots.pem", pki.mcp_servers.root_pem()),
        (
            "api.key",
            "demo_0123456789abcdef0123456789abcdef".to_owned(),
        ),
        (
            "agent.yaml",
            format!("mcp:\n  server_urls:\n    - url: {}\n", server.url()),
        ),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
        private(&folder.path().join(name));
    }
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let flags: [String; 16] = [
        "--config".to_owned(),
        at("agent.yaml"),
        "--control-plane.tunnel-id".to_owned(),
        "tunnel_0123456789abcdef0123456789abcdef".to_owned(),
        "--control-plane.api-key".to_owned(),
        format!("file:{}", at("api.key")),
        "--ca-bundle".to_owned(),
        at("roots.pem"),
        "--trust.mode".to_owned(),
        "replace".to_owned(),
        "--mcp.client-cert".to_owned(),
        at("a.pem"),
        "--mcp.client-key".to_owned(),
        at("a.key"),
        "--state.dir".to_owned(),
        at("state"),
    ];
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let (code, out, err) = portcullis(&[&["init"], &flags[..]].concat()).await;
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("# name = \"search_records\""), "{out}");
    let other = [&["init", "--channel", "other"], &flags[..]].concat();
    let (code, _, err) = portcullis(&other).await;
    assert!(
        code == 1 && err.contains("no MCP server is bound to the channel `other`"),
        "{err}"
    );
}

fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn pins_tells_what_changed_and_writes_nothing_c3_pf16() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.toml");
    let path = file.to_str().unwrap();
    let slow = json!({"name": "slow_count"});
    let server = plain(Definitions::of(vec![reviewed(), slow.clone()])).await;
    let url = server.url();
    let (_, draft, _) = portcullis(&["init", "--from-server", &url]).await;
    let policy = uncommented(&draft);
    std::fs::write(&file, &policy).unwrap();
    let pins = ["pins", path, "--from-server", &url];
    let (code, out, err) = portcullis(&pins).await;
    assert_eq!(
        (code, out.as_str()),
        (
            0,
            "unchanged  instructions\nunchanged  search_records\nunchanged  slow_count\n"
        ),
        "{err}"
    );
    // An unpinned tool is told with the pin to add.
    let slow_pin = format!("pin = \"{}\"\n", pin(&slow));
    std::fs::write(&file, policy.replace(&slow_pin, "")).unwrap();
    let (code, out, _) = portcullis(&pins).await;
    assert!(
        code == 3
            && out.contains("unpinned   slow_count")
            && out.contains(&format!("+ {}", slow_pin.trim())),
        "{out}"
    );
    // So are instructions, also those that are not there.
    let none = format!("instructions = \"{}\"\n", Pin::of_text("", sha256));
    let unpinned = policy.replace(&none, "");
    assert_ne!(unpinned, policy, "init pins them");
    std::fs::write(&file, unpinned).unwrap();
    let (code, out, _) = portcullis(&pins).await;
    assert!(
        code == 3
            && out.contains("unpinned   instructions")
            && out.contains(&format!("+ {}", none.trim())),
        "{out}"
    );
    // A change is told with both pins; following the edit mends it.
    std::fs::write(&file, &policy).unwrap();
    let poisoned = json!({"name": "new\u{202e}\n"});
    server.redefine(Definitions::of(vec![drifted(), poisoned]));
    let (code, out, _) = portcullis(&pins).await;
    let (old, new) = (pin(&reviewed()).to_string(), pin(&drifted()).to_string());
    assert_eq!(code, 2);
    assert!(
        out.contains(&format!("  - pin = \"{old}\"\n  + pin = \"{new}\"")),
        "{out}"
    );
    assert!(out.contains("missing    slow_count"), "{out}");
    assert!(out.contains("unlisted   new\\u{202e}"), "{out}");
    let line = policy.lines().position(|line| line.contains(&old)).unwrap() + 1;
    assert!(out.contains(&format!("{path}:{line}\n")), "{out}");
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        policy,
        "never written by itself"
    );
    server.redefine(Definitions::of(vec![drifted(), slow]));
    std::fs::write(&file, policy.replace(&old, &new)).unwrap();
    assert_eq!(portcullis(&pins).await.0, 0);
    // Instructions are compared too, and a channel the policy does not have cannot be.
    let text = policy
        .replace(&old, &new)
        .replace(&none, &format!("instructions = \"{old}\"\n"));
    std::fs::write(&file, text).unwrap();
    let (code, out, _) = portcullis(&pins).await;
    assert!(
        code == 2 && out.contains("changed    instructions"),
        "{out}"
    );
    let (code, _, err) = portcullis(&[&pins[..], &["--channel", "other"]].concat()).await;
    assert!(
        code == 1 && err.contains("has no `[[server]]` for the channel `other`"),
        "{err}"
    );
}
