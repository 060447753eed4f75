//! The vectors before a recording server: nothing arrives that the policy does not list, and what arrives is byte for byte what was sent but
//! for the id, which is ours (A1 to A22, B1 to B3, B5, D1 to D4).

use std::fs;
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::time::Duration;

use portcullis::demo::control_plane::{Command, ControlPlane, Options};
use portcullis::demo::mcp_server::{self, Heard, McpServer};
use portcullis::demo::net::Door;
use portcullis_certs::dev::{Authority, Leaf, Pki};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use serde_json::value::RawValue;

const POLICY: &str = "schema = 1\n[[server]]\nchannel = \"main\"\ntools = [\"echo\", \"add\", \"slow_progress\", \"big\", \"fail\", \"boom\"]\n";
/// No answer takes this long, on any machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Stands for the id in a message that is compared.
const ID: &str = "\u{1}id\u{1}";

#[tokio::test]
async fn what_arrives_is_what_was_allowed_byte_for_byte() {
    let world = World::start().await;
    let rows = rows();
    let mut allowed = Vec::new();
    for row in &rows {
        if row["verdict"] == "allow" {
            allowed.push(comparable(&message(&row["message"])));
        }
        allowed.push(comparable(&message(&row["neighbour"]["message"])));
        for (shot, denied) in [(row, row["verdict"] == "deny"), (&row["neighbour"], false)] {
            let mut pending = world.control.enqueue(command(shot));
            let waited = tokio::time::timeout(PATIENCE, pending.reply()).await;
            let Ok(reply) = waited else {
                panic!(
                    "{} was never answered: {:?}",
                    row["name"],
                    world.control.violations()
                )
            };
            let reply = reply.unwrap();
            let json = reply.json.unwrap_or_default();
            assert!(
                !denied || reply.code == 202 || json.contains("\"error\""),
                "{} crossed: {json}",
                row["name"]
            );
        }
    }
    let arrived: Vec<String> = world
        .server
        .heard()
        .iter()
        .map(|heard| comparable(&heard.body))
        .collect();
    let heard = world.server.heard();
    world.stop();
    let unasked: Vec<&String> = arrived.iter().filter(|a| !allowed.contains(a)).collect();
    let missing: Vec<&String> = allowed.iter().filter(|a| !arrived.contains(a)).collect();
    assert_eq!((unasked, missing), (Vec::new(), Vec::new()));
    assert_eq!(arrived.len(), allowed.len(), "each crosses once");
    for row in &rows {
        for name in row["stripped"].as_array().into_iter().flatten() {
            let name = name.as_str().unwrap();
            assert!(
                heard.iter().all(|h| is_ours(name, h)),
                "`{name}` of {} arrived",
                row["name"]
            );
        }
    }
}

/// A header that the agent writes itself may be there, with the agent's value.
fn is_ours(name: &str, heard: &Heard) -> bool {
    match name {
        "host" => heard
            .header(name)
            .is_none_or(|host| host.starts_with("127.0.0.1")),
        "content-type" => heard.header(name) == Some("application/json"),
        "content-length" => heard.header(name) == Some(heard.body.len().to_string().as_str()),
        _ => heard.header(name).is_none(),
    }
}

/// The vectors that are one message in one command; the others need a poll body of their own.
fn rows() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/vectors.json");
    let read: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let rows = read["vectors"].as_array().unwrap().iter();
    let rows: Vec<Value> = rows
        .filter(|row| row.get("poll").is_none() && row.get("command").is_none())
        .cloned()
        .collect();
    assert!(rows.len() > 100, "{}", rows.len());
    rows
}

fn command(shot: &Value) -> Command {
    let pairs = shot["headers"].as_array().cloned().unwrap_or_default();
    let mut command = Command::jsonrpc(message(&shot["message"]));
    for pair in pairs {
        command = command.header(pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
    }
    command
}

fn message(spelled: &Value) -> Vec<u8> {
    if let Some(text) = spelled["base64"].as_str() {
        return decode_base64(text);
    }
    if let Some(text) = spelled["text"].as_str() {
        return text.as_bytes().to_vec();
    }
    let parts = spelled["parts"].as_array().unwrap();
    parts.iter().flat_map(part).collect()
}

fn part(part: &Value) -> Vec<u8> {
    if let Some(keys) = part["keys"].as_u64() {
        let keys: Vec<String> = (0..keys).map(|n| format!("\"k{n}\":0")).collect();
        return keys.join(",").into_bytes();
    }
    let times = usize::try_from(part["times"].as_u64().unwrap_or(1)).unwrap();
    part["text"].as_str().unwrap().repeat(times).into_bytes()
}

fn decode_base64(text: &str) -> Vec<u8> {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut out, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for sextet in text.chars().filter_map(|c| alphabet.find(c)) {
        bits = (bits << 6 | u32::try_from(sextet).unwrap()) & 0xff_ffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    out
}

/// The message with a mark for its top-level id; a message without one as it is.
fn comparable(body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow)]
        id: Option<&'a RawValue>,
    }
    // White space around a message belongs to the poll body, not to the message.
    let text = String::from_utf8(body.to_vec()).unwrap().trim().to_owned();
    let id = serde_json::from_str::<Envelope<'_>>(&text)
        .unwrap()
        .id
        .map(RawValue::get);
    match id {
        None => text,
        Some(id) => {
            let at = id.as_ptr() as usize - text.as_ptr() as usize;
            format!("{}{ID}{}", &text[..at], &text[at + id.len()..])
        }
    }
}

/// Both servers and the agent between them, over mutual TLS.
struct World {
    control: ControlPlane,
    server: McpServer,
    agent: Child,
    _directory: tempfile::TempDir,
}

impl World {
    async fn start() -> Self {
        let pki = Pki::new().unwrap();
        let control = ControlPlane::start(Door::control_plane(&pki).unwrap(), Options::default())
            .await
            .unwrap();
        let options = mcp_server::Options {
            sessions: false,
            ..mcp_server::Options::default()
        };
        let server = McpServer::start(Door::mcp_server(&pki).unwrap(), options)
            .await
            .unwrap();
        let directory = tempfile::tempdir().unwrap();
        let agent = start_agent(directory.path(), &pki, &control, &server);
        // The agent asks once whether the server is there; from now on it has reason to believe so.
        while server.heard().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        server.forget();
        Self {
            control,
            server,
            agent,
            _directory: directory,
        }
    }

    fn stop(mut self) {
        let id = Pid::from_raw(self.agent.id().try_into().unwrap()).unwrap();
        kill_process(id, Signal::TERM).unwrap();
        self.control.close_polls();
        assert!(self.agent.wait().unwrap().success());
        assert_eq!(self.control.violations(), Vec::<String>::new());
    }
}

fn start_agent(directory: &Path, pki: &Pki, control: &ControlPlane, server: &McpServer) -> Child {
    let write = |name: &str, text: &str| {
        let path = directory.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        path
    };
    let roots = pki.control_servers.root_pem() + &pki.mcp_servers.root_pem();
    let mut process = Process::new(env!("CARGO_BIN_EXE_portcullis"));
    process.arg("run").env_clear().stderr(Stdio::null());
    process.env("CONTROL_PLANE_API_KEY", &control.options().api_key);
    process.env("CONTROL_PLANE_TUNNEL_ID", &control.options().tunnel_id);
    process.env("STATE_DIR", directory.join("state"));
    process.env("HEALTH_LISTEN_ADDR", "127.0.0.1:0");
    process.args([
        "--control-plane.base-url",
        &control.url(),
        "--mcp.server-url",
        &server.url(),
        "--trust.mode",
        "replace",
    ]);
    process.arg("--ca-bundle").arg(write("roots.pem", &roots));
    process
        .arg("--policy.file")
        .arg(write("policy.toml", POLICY));
    for (side, authority) in [
        ("control-plane", &pki.control_clients),
        ("mcp", &pki.mcp_clients),
    ] {
        let issued = Authority::issue(authority, &Leaf::client("vectors")).unwrap();
        process
            .arg(format!("--{side}.client-cert"))
            .arg(write(&format!("{side}.pem"), &issued.chain_pem));
        process
            .arg(format!("--{side}.client-key"))
            .arg(write(&format!("{side}.key"), &issued.key_pem));
    }
    process.spawn().unwrap()
}
