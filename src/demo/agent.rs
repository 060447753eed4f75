//! The real agent, as a process of its own.

use std::{
    ffi::OsString,
    io::{self, BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::net::Record;

/// How long to wait for a log line, and how often to look.
const LINE_WITHIN: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(10);
const REMEMBERED: usize = 10_000;

/// Where the agent's log goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    /// Kept, one JSON object a line, for [`Agent::line`].
    Kept,
    /// Kept, as text.
    KeptAsText,
    /// To our own standard error, as text.
    Shown,
}

/// A running agent. Dropping it ends the process at once.
pub struct Agent {
    child: Child,
    log: Arc<Record<String>>,
}

impl Agent {
    /// Starts `program run` with these arguments and an environment without settings of ours.
    pub fn start(program: &Path, arguments: &[OsString], log: Log) -> io::Result<Self> {
        let (format, level, output) = match log {
            // A decision on an ordinary call is told at `debug`.
            Log::Kept => ("json", "debug", Stdio::piped()),
            Log::KeptAsText => ("struct-text", "debug", Stdio::piped()),
            Log::Shown => ("struct-text", "info", Stdio::inherit()),
        };
        let mut child = Command::new(program)
            .arg("run")
            .args(arguments)
            .args(["--log.format", format, "--log.level", level])
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| is_kept(name)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(output)
            // Ctrl-C in a terminal is for us; the agent gets its signal from us.
            .process_group(0)
            .spawn()?;
        let log = Arc::new(Record::of(REMEMBERED));
        if let Some(lines) = child.stderr.take() {
            keep(lines, log.clone());
        }
        Ok(Self { child, log })
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Returns when it has ended.
    pub async fn end(&mut self) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Asks it to stop (SIGTERM).
    pub fn ask_to_stop(&self) -> io::Result<()> {
        self.signal(Signal::TERM)
    }

    /// Asks it to read its files again (SIGHUP).
    pub fn ask_to_reload(&self) -> io::Result<()> {
        self.signal(Signal::HUP)
    }

    /// Its process, for what the system knows of it.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn signal(&self, signal: Signal) -> io::Result<()> {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let id = id.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(kill_process(id, signal)?)
    }

    /// The first kept log line for which `is_it` holds; none if it does not come in time.
    pub async fn line(&self, is_it: impl Fn(&Value) -> bool) -> Option<Value> {
        let deadline = Instant::now() + LINE_WITHIN;
        loop {
            let lines = self.log.all();
            let mut values = lines
                .iter()
                .filter_map(|line| serde_json::from_str(line).ok());
            if let Some(found) = values.find(|value| is_it(value)) {
                return Some(found);
            }
            if Instant::now() >= deadline {
                return None;
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// The last lines it logged, for when something went wrong.
    pub fn last_lines(&self, count: usize) -> String {
        let lines = self.log.all();
        let from = lines.len().saturating_sub(count);
        lines.get(from..).unwrap_or_default().join("\n")
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Settings of another tunnel must not reach this agent; where the system's own CA files are may.
fn is_kept(name: &OsString) -> bool {
    ["PATH", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"]
        .iter()
        .any(|kept| name == kept)
}

/// The thread ends with the process, whose end closes the pipe.
fn keep(lines: ChildStderr, log: Arc<Record<String>>) {
    thread::spawn(move || {
        for line in BufReader::new(lines).lines().map_while(Result::ok) {
            log.add(line);
        }
    });
}
