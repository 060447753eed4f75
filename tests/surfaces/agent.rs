//! The real agent, its home directory, and the commands that speak to it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::stub::Stub;

const POLICY: &str =
    "schema = 1\nname = \"surfaces\"\n[[server]]\nchannel = \"main\"\ntools = [\"echo\"]\n";
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something holds.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "never came: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Where one agent keeps everything.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::write(home.path("policy.toml"), POLICY).unwrap();
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn state(&self, name: &str) -> PathBuf {
        self.path("state").join(name)
    }

    /// The audit log of the agents of this home.
    pub(crate) fn records(&self) -> String {
        let files = fs::read_dir(self.state("audit")).unwrap();
        let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap_or_default());
        texts.collect()
    }

    /// What the agents of this home have logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    pub(crate) fn sink(&self) -> Stdio {
        File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .unwrap()
            .into()
    }
}

/// A running agent; dropping it ends it at once.
pub(crate) struct Agent {
    child: Child,
    url: String,
    socket: PathBuf,
}

impl Agent {
    pub(crate) fn start(home: &Home, control: &Stub, server: &Stub) -> Self {
        Self::start_with(home, control, server, &[], home.sink())
    }

    pub(crate) fn start_with(
        home: &Home,
        control: &Stub,
        server: &Stub,
        extra: &[(&str, &str)],
        log: Stdio,
    ) -> Self {
        let mut child = program(home, control, server, extra)
            .stderr(log)
            .spawn()
            .unwrap();
        let url_file = home.path("url");
        until("the url-file", || {
            assert!(
                child.try_wait().unwrap().is_none(),
                "the agent ended:\n{}",
                home.log()
            );
            url_file.exists()
        });
        Self {
            child,
            url: fs::read_to_string(url_file).unwrap().trim().to_owned(),
            socket: home.state("admin.sock"),
        }
    }

    /// The report of an agent that must not start.
    pub(crate) fn refused(
        home: &Home,
        control: &Stub,
        server: &Stub,
        extra: &[(&str, &str)],
    ) -> String {
        let output = program(home, control, server, extra)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    }

    #[cfg(feature = "demo")]
    pub(crate) fn process(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    /// How many descriptors it holds.
    pub(crate) fn open_files(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.child.id());
        fs::read_dir(folder).unwrap().count()
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// Status and body of the health listener's answer.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let host = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (
            head.split(' ').nth(1).unwrap().parse().unwrap(),
            body.to_owned(),
        )
    }

    /// The codes against readiness.
    pub(crate) fn codes(&self) -> Vec<String> {
        let json: Value = serde_json::from_str(&self.get("/readyz?format=json").1).unwrap();
        let causes = json["causes"].as_array().unwrap().iter();
        causes
            .map(|cause| cause["code"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Exit code and output of a command that speaks to this agent.
    pub(crate) fn command(&self, args: &[&str]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command
            .env_clear()
            .env("ADMIN_SOCKET", &self.socket)
            .args(args);
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.code().unwrap(),
            String::from_utf8(text).unwrap(),
        )
    }

    /// Stops it as a service manager would; it must end well.
    pub(crate) fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(&id).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn program(home: &Home, control: &Stub, server: &Stub, extra: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.arg("run").env_clear().stdin(Stdio::null());
    command.env(
        "CONTROL_PLANE_TUNNEL_ID",
        "tunnel_0123456789abcdefghijklmnopqrstuv",
    );
    command
        .env("CONTROL_PLANE_API_KEY", "test_key")
        .env("CONTROL_PLANE_BASE_URL", control.url());
    command
        .env("MCP_SERVER_URL", format!("{}/mcp", server.url()))
        .env("TRUST_SYSTEM_ROOTS", "false");
    command
        .env("POLICY_FILE", home.path("policy.toml"))
        .env("STATE_DIR", home.state(""));
    command
        .env("HEALTH_LISTEN_ADDR", "127.0.0.1:0")
        .env("HEALTH_URL_FILE", home.path("url"));
    command.env("PID_FILE", home.path("pid"));
    for (name, value) in extra {
        let is_path = ["PID_FILE", "STATE_DIR", "ADMIN_SOCKET"].contains(name);
        let value = if is_path {
            home.path(value).into_os_string()
        } else {
            value.into()
        };
        command.env(name, value);
    }
    command
}
