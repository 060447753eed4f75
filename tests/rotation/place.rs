//! The three of a test, with the files that rotate.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use portcullis::demo::agent::{Agent, Log};
use portcullis::demo::control_plane::{self, Command, ControlPlane};
use portcullis::demo::mcp_server::{self, McpServer};
use portcullis::demo::net::Door;
use portcullis_certs::dev::{Authority, Issued, Leaf, Pki};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// Longer than anything here may take; it only ends a test that would hang.
pub(crate) const HANGS: Duration = Duration::from_secs(60);
pub(crate) const POLICY: &str =
    "schema = 1\n[[server]]\nchannel = \"main\"\ntools = [\"search_records\", \"slow_count\"]\n";
const NAME: &str = "portcullis-rotating-agent";

/// The endpoints of the agent here, and the stem of their files.
pub(crate) const ENDPOINTS: [(&str, &str); 2] =
    [("control plane", "control-plane"), ("main", "mcp")];

type Preparation = Box<dyn FnOnce(&Files, &Pki)>;

/// What is to be set up.
pub(crate) struct Plan {
    pub(crate) pki: Pki,
    pub(crate) control: Door,
    pub(crate) server: Door,
    pub(crate) flags: Vec<String>,
    /// More fields of the binding, each with a comma.
    pub(crate) fields: String,
    /// More flags that name a file that rotates.
    pub(crate) named: Vec<(&'static str, &'static str)>,
    /// Lines of a shell that the agent is started in; `$FOLDER` is that of everything.
    pub(crate) shell: Option<&'static str>,
    /// Changes the files before the agent starts.
    pub(crate) before: Preparation,
}

impl Plan {
    pub(crate) fn new() -> Self {
        let pki = Pki::new().unwrap();
        Self {
            control: Door::control_plane(&pki).unwrap(),
            server: Door::mcp_server(&pki).unwrap(),
            flags: Vec::new(),
            fields: String::new(),
            named: Vec::new(),
            shell: None,
            before: Box::new(|_, _| {}),
            pki,
        }
    }

    pub(crate) fn with(mut self, flags: &[&str]) -> Self {
        self.flags
            .extend(flags.iter().map(|flag| (*flag).to_owned()));
        self
    }

    /// Names a file that rotates by a flag.
    pub(crate) fn naming(mut self, flag: &'static str, file: &'static str) -> Self {
        self.named.push((flag, file));
        self
    }

    pub(crate) fn before(self, before: impl FnOnce(&Files, &Pki) + 'static) -> Self {
        let before = Box::new(before);
        Self { before, ..self }
    }
}

/// The folder of everything.
pub(crate) struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = Self(folder);
        fs::create_dir(files.path("certs")).unwrap();
        files
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file of the folder that rotates.
    pub(crate) fn cert(&self, name: &str) -> PathBuf {
        self.path("certs").join(name)
    }

    /// Writes a file beside its place and renames it there.
    pub(crate) fn replace(&self, name: &str, content: &str) {
        let fresh = self.path("fresh");
        write(&fresh, content);
        fs::rename(fresh, self.cert(name)).unwrap();
    }

    /// Puts an identity in place, the key first.
    pub(crate) fn identity(&self, stem: &str, issued: &Issued) {
        self.replace(&format!("{stem}.key"), &issued.key_pem);
        self.replace(&format!("{stem}.pem"), &issued.chain_pem);
    }
}

/// Writes a file for its owner alone.
pub(crate) fn write(path: &Path, content: &str) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// The authority that issues the identity shown at an endpoint.
pub(crate) fn issuer<'a>(pki: &'a Pki, stem: &str) -> &'a Authority {
    match stem {
        "mcp" => &pki.mcp_clients,
        _ => &pki.control_clients,
    }
}

pub(crate) fn leaf() -> Leaf {
    Leaf::client(NAME)
}

/// The running three.
pub(crate) struct Place {
    pub(crate) pki: Pki,
    pub(crate) control: Arc<ControlPlane>,
    pub(crate) server: McpServer,
    pub(crate) agent: Agent,
    pub(crate) files: Files,
}

impl Place {
    /// Starts all three and waits for the first poll.
    pub(crate) async fn open(plan: Plan) -> Self {
        let place = Self::start(plan).await;
        let polled = tokio::time::timeout(HANGS, place.control.polled(1)).await;
        assert!(polled.is_ok(), "{}", place.agent.last_lines(20));
        place
    }

    /// Starts all three.
    pub(crate) async fn start(plan: Plan) -> Self {
        let Plan {
            pki,
            control,
            server,
            flags,
            fields,
            named,
            shell,
            before,
        } = plan;
        let options = control_plane::Options::default();
        let control = Arc::new(ControlPlane::start(control, options).await.unwrap());
        let sessions = mcp_server::Options {
            sessions: false,
            ..mcp_server::Options::default()
        };
        let server = McpServer::start(server, sessions).await.unwrap();
        let files = Files::new();
        for (_, stem) in ENDPOINTS {
            files.identity(stem, &issuer(&pki, stem).issue(&leaf()).unwrap());
        }
        files.replace("api.key", &control.options().api_key);
        files.replace(
            "roots.pem",
            &(pki.control_servers.root_pem() + &pki.mcp_servers.root_pem()),
        );
        write(&files.path("policy.toml"), POLICY);
        before(&files, &pki);
        let program = program(&files, shell);
        let mut arguments = arguments(&files, &control, &server, &fields);
        for (flag, name) in named {
            arguments.extend([flag.to_owned(), files.cert(name).display().to_string()]);
        }
        arguments.extend(flags);
        let arguments: Vec<_> = arguments.into_iter().map(Into::into).collect();
        let agent = Agent::start(&program, &arguments, Log::Kept).unwrap();
        Self {
            pki,
            control,
            server,
            agent,
            files,
        }
    }

    /// Puts new identities of both sides in place; their serial numbers, in the order of [`ENDPOINTS`].
    pub(crate) fn renew(&self) -> [String; 2] {
        ENDPOINTS.map(|(_, stem)| {
            let issued = issuer(&self.pki, stem).issue(&leaf()).unwrap();
            self.files.identity(stem, &issued);
            serial(&issued)
        })
    }

    /// The status as the operator sees it; null while nobody answers.
    pub(crate) fn status(&self) -> Value {
        let answer = self.ask("GET", "/status", "");
        serde_json::from_str(&answer).unwrap_or_default()
    }

    /// What an operator is answered; empty while nobody answers.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let asked = || -> std::io::Result<String> {
            let mut socket = UnixStream::connect(self.files.path("state/admin.sock"))?;
            let length = body.len();
            write!(
                socket,
                "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
            )?;
            let mut answer = String::new();
            socket.read_to_string(&mut answer)?;
            Ok(answer)
        };
        let answer = asked().unwrap_or_default();
        answer
            .split_once("\r\n\r\n")
            .map(|(_, body)| body.to_owned())
            .unwrap_or_default()
    }

    /// One endpoint of the status.
    pub(crate) fn endpoint(&self, name: &str) -> Value {
        let status = self.status();
        let endpoints = status["endpoints"].as_array().cloned().unwrap_or_default();
        endpoints
            .into_iter()
            .find(|endpoint| endpoint["name"] == name)
            .unwrap_or_default()
    }

    /// Waits until something holds, and shows the agent's last words if it never does.
    pub(crate) async fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let began = Instant::now();
        while !holds() {
            assert!(
                began.elapsed() < HANGS,
                "never came: {what}\n{}\n{}",
                self.status(),
                self.agent.last_lines(30)
            );
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until both endpoints show these serial numbers.
    pub(crate) async fn until_shown(&self, serials: &[String; 2]) {
        self.until("the new identities", || {
            let status = self.status();
            (0..2).all(|at| status["endpoints"][at]["serial"] == serials[at])
        })
        .await;
    }

    /// Waits until an endpoint shows this serial number.
    pub(crate) async fn until_serial(&self, name: &str, serial: &str) {
        self.until(serial, || self.endpoint(name)["serial"] == serial)
            .await;
    }

    /// Waits until an endpoint stands so.
    pub(crate) async fn until_state(&self, name: &str, state: &str) {
        self.until(state, || self.endpoint(name)["state"] == state)
            .await;
    }

    /// Waits until the files of an endpoint were rejected for this reason.
    pub(crate) async fn until_rejected(&self, name: &str, code: &str) {
        self.until(code, || {
            let endpoint = self.endpoint(name);
            let reasons = endpoint["last"]["reasons"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            endpoint["state"] == "rejected" && reasons.iter().any(|reason| reason == code)
        })
        .await;
    }

    /// The number of the generation in use.
    pub(crate) fn generation(&self, name: &str) -> u64 {
        self.endpoint(name)["generation"].as_u64().unwrap()
    }

    /// How often the files of an endpoint were judged or found unchanged.
    pub(crate) fn judged(&self, name: &str) -> u64 {
        let metrics = self.metrics();
        let profile = format!("portcullis_rotation_total{{profile=\"{name}\"");
        let lines = metrics.lines().filter(|line| line.starts_with(&profile));
        lines
            .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
            .sum()
    }

    /// One call goes through.
    pub(crate) async fn serves(&self) {
        let mut pending = self.control.enqueue(call(7));
        let reply = tokio::time::timeout(HANGS, pending.reply()).await;
        let answered = reply.unwrap_or_else(|_| panic!("no answer\n{}", self.agent.last_lines(30)));
        let value = answered.unwrap().value();
        assert_eq!(
            value["result"]["isError"],
            false,
            "{value}\n{}",
            self.agent.last_lines(30)
        );
    }

    /// The text of the metrics.
    pub(crate) fn metrics(&self) -> String {
        let url = fs::read_to_string(self.files.path("url")).unwrap();
        let address = url
            .trim()
            .trim_start_matches("http://")
            .trim_end_matches('/');
        let mut socket = std::net::TcpStream::connect(address).unwrap();
        write!(
            socket,
            "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Every record of the audit log so far.
    pub(crate) fn records(&self) -> String {
        fs::read_to_string(self.files.path("state/audit/000001.jsonl")).unwrap_or_default()
    }
}

/// The agent, or a script that becomes the agent.
fn program(files: &Files, shell: Option<&str>) -> PathBuf {
    let agent = env!("CARGO_BIN_EXE_portcullis");
    let Some(shell) = shell else {
        return agent.into();
    };
    let (script, folder) = (files.path("start"), files.path(""));
    let text = format!(
        "#!/bin/sh\nset -e\nFOLDER='{}'\n{shell}\nexec '{agent}' \"$@\"\n",
        folder.display()
    );
    write(&script, &text);
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    script
}

fn arguments(
    files: &Files,
    control: &ControlPlane,
    server: &McpServer,
    fields: &str,
) -> Vec<String> {
    let path = |name: &str| files.path(name).display().to_string();
    let cert = |name: &str| files.cert(name).display().to_string();
    let pairs = [
        ("--control-plane.base-url", control.url()),
        (
            "--control-plane.tunnel-id",
            control.options().tunnel_id.clone(),
        ),
        (
            "--control-plane.api-key",
            format!("file:{}", cert("api.key")),
        ),
        ("--control-plane.client-cert", cert("control-plane.pem")),
        ("--control-plane.client-key", cert("control-plane.key")),
        (
            "--mcp.server-url",
            format!("channel=main,tls-min=1.2,{fields}url={}", server.url()),
        ),
        ("--mcp.client-cert", cert("mcp.pem")),
        ("--mcp.client-key", cert("mcp.key")),
        ("--ca-bundle", cert("roots.pem")),
        ("--trust.mode", "replace".to_owned()),
        ("--policy.file", path("policy.toml")),
        ("--state.dir", path("state")),
        ("--health.listen-addr", "127.0.0.1:0".to_owned()),
        ("--health.url-file", path("url")),
    ];
    pairs
        .into_iter()
        .flat_map(|(flag, value)| [flag.to_owned(), value])
        .collect()
}

/// The serial number as the agent and its peers tell it.
pub(crate) fn serial(issued: &Issued) -> String {
    let chain = portcullis_certs::Bundle::parse(
        issued.chain_pem.as_bytes(),
        zeroize::Zeroizing::new(issued.key_pem.as_bytes().to_vec()),
    );
    chain.unwrap().chain()[0].serial.clone()
}

/// One call of a listed tool.
pub(crate) fn call(number: usize) -> Command {
    let message = json!({
        "jsonrpc": "2.0", "id": number, "method": "tools/call",
        "params": {"name": "search_records", "arguments": {"query": format!("call-{number}")}},
    });
    Command::jsonrpc(message.to_string())
}
