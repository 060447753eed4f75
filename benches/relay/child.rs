//! The contenders as processes: started here, read through `/proc`, ended with their owner.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;

use crate::{IN_FLIGHT, null};

/// Linux counts processor time for users in hundredths of a second on every platform (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

const TUNNEL: &str = "tunnel_0123456789abcdef0123456789abcdef";
const POLICY: &str = "schema = 1\n[[server]]\nchannel = \"main\"\ntools = [\"echo\"]\n";

/// A running contender.
pub(crate) struct Contender(Child);

/// Memory of a process, in KiB.
#[derive(Clone, Copy, Default)]
pub(crate) struct Memory {
    /// Resident now.
    pub(crate) resident: u64,
    /// The most that ever was.
    pub(crate) peak: u64,
}

impl Contender {
    /// The real agent, with a policy that lists the one tool, and its log at `warn`.
    pub(crate) fn agent(
        files: &Path,
        control: SocketAddr,
        mcp: SocketAddr,
    ) -> anyhow::Result<Self> {
        let file = |name: &str| files.join(name).display().to_string();
        fs::write(files.join("policy.toml"), POLICY)?;
        let binding = format!(
            "url=https://{mcp}/mcp,channel=main,client-cert={},client-key={},ca-bundle={}",
            file("mcp-client.pem"),
            file("mcp-client.key"),
            file("mcp-server-ca.pem")
        );
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command
            .arg("run")
            .env_clear()
            .env("BENCH_API_KEY", "bench_key");
        command.args(["--control-plane.base-url", &format!("https://{control}")]);
        command.args(["--control-plane.tunnel-id", TUNNEL]);
        command.args(["--control-plane.api-key", "env:BENCH_API_KEY"]);
        command.args(["--control-plane.client-cert", &file("control-client.pem")]);
        command.args(["--control-plane.client-key", &file("control-client.key")]);
        command.args(["--control-plane.max-inflight", &IN_FLIGHT.to_string()]);
        command.args(["--mcp.max-concurrent-requests", &IN_FLIGHT.to_string()]);
        command.args([
            "--ca-bundle",
            &file("control-server-ca.pem"),
            "--trust.mode",
            "replace",
        ]);
        command.args(["--mcp.server-url", &binding]);
        command.args([
            "--state.dir",
            &file("state"),
            "--health.listen-addr",
            "127.0.0.1:0",
        ]);
        command.args(["--policy.file", &file("policy.toml"), "--log.level", "warn"]);
        Self::start(command)
    }

    /// This program again, as the null relay.
    pub(crate) fn null(files: &Path, control: SocketAddr, mcp: SocketAddr) -> anyhow::Result<Self> {
        let base = format!("https://{control}/v1/tunnels/{TUNNEL}");
        let mut command = Command::new(std::env::current_exe()?);
        command.env_clear().arg(null::ROLE).arg(files);
        command.arg(base).arg(format!("https://{mcp}/mcp"));
        Self::start(command)
    }

    fn start(mut command: Command) -> anyhow::Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        Ok(Self(child.context("could not start a contender")?))
    }

    /// Processor time so far, user and system together, of all its threads.
    pub(crate) fn processor_time(&self) -> anyhow::Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        // The name in parentheses may hold spaces; user and system time are the 12th and 13th field after it (proc_pid_stat(5)).
        let (_, fields) = stat.rsplit_once(')').context("no name in stat")?;
        let ticks = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(str::parse::<u32>);
        Ok(TICK * ticks.sum::<Result<u32, _>>()?)
    }

    pub(crate) fn memory(&self) -> anyhow::Result<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let kib = |name: &str| -> anyhow::Result<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next());
            Ok(number
                .with_context(|| format!("no {name} in status"))?
                .parse()?)
        };
        Ok(Memory {
            resident: kib("VmRSS:")?,
            peak: kib("VmHWM:")?,
        })
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing left to end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
