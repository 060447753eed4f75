//! Everything in its place: control plane, agent and MCP server, each with certificates that only this run knows.

use std::{ffi::OsString, io, path::PathBuf, process::ExitStatus, sync::Arc, time::Duration};

use anyhow::{Context as _, bail, ensure};
use portcullis_certs::dev::{Authority, Leaf, Pki};
use tokio::time::timeout;

use super::{
    agent::{Agent, Log},
    control_plane::{self, ControlPlane},
    folder::Folder,
    mcp_server::{self, McpServer},
    net::Door,
    policy, token,
};

/// The name in the agent's certificates.
pub(super) const AGENT_NAME: &str = "portcullis-demo-agent";

const START_WITHIN: Duration = Duration::from_secs(10);
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// What is to be set up.
pub struct Plan {
    /// The agent's program: this one.
    pub program: PathBuf,
    /// The MCP server behind the agent.
    pub upstream: Upstream,
    /// What may cross.
    pub policy: policy::Choice,
    /// How the built-in servers behave.
    pub server: mcp_server::Options,
    /// More channels beside `main`, each with a built-in server of its own.
    pub channels: Vec<String>,
    /// More flags for the agent, as on the command line.
    pub flags: Vec<String>,
}

impl Plan {
    /// The demo's own servers and policy, with the agent in `program`.
    #[must_use]
    pub fn new(program: PathBuf) -> Self {
        Self {
            program,
            upstream: Upstream::BuiltIn,
            policy: policy::Choice::Demo,
            server: mcp_server::Options::default(),
            channels: Vec::new(),
            flags: Vec::new(),
        }
    }
}

/// The MCP server behind the agent.
pub enum Upstream {
    /// The one of this demo, over mutual TLS.
    BuiltIn,
    /// The user's own.
    Url(String),
}

/// The running three.
pub struct Stage {
    /// The authorities of this run.
    pub pki: Pki,
    /// The control plane.
    pub control: Arc<ControlPlane>,
    /// None if the server is the user's own.
    pub server: Option<McpServer>,
    /// The servers of the other channels, in the order of the plan.
    pub others: Vec<McpServer>,
    /// The real agent, as a process of its own.
    pub agent: Agent,
    folder: Folder,
}

impl Stage {
    /// Starts all three and waits for the agent's first poll.
    ///
    /// # Errors
    /// A port, a folder or a certificate could not be had, or the agent did not poll in time; its last words are told.
    pub async fn set(plan: &Plan, log: Log) -> anyhow::Result<Self> {
        let (pki, folder) = (
            Pki::new()?,
            Folder::new().context("cannot make a temporary folder")?,
        );
        let options = control_plane::Options {
            api_key: format!("demo_{}", token::hex()),
            ..control_plane::Options::default()
        };
        let control = Arc::new(ControlPlane::start(Door::control_plane(&pki)?, options).await?);
        let server = match plan.upstream {
            Upstream::BuiltIn => {
                Some(McpServer::start(Door::mcp_server(&pki)?, plan.server).await?)
            }
            Upstream::Url(_) => None,
        };
        let mut others = Vec::new();
        for _ in &plan.channels {
            others.push(McpServer::start(Door::mcp_server(&pki)?, plan.server).await?);
        }
        let flags = Flags {
            pki: &pki,
            folder: &folder,
        };
        let mut flags = flags.of(plan, &control, server.as_ref())?;
        for (channel, server) in plan.channels.iter().zip(&others) {
            let binding = format!("channel={channel},url={}", server.url());
            flags.extend(["--mcp.server-url".into(), binding.into()]);
        }
        let agent = Agent::start(&plan.program, &flags, log).context("cannot start the agent")?;
        let mut stage = Self {
            pki,
            control,
            server,
            others,
            agent,
            folder,
        };
        stage.first_poll().await?;
        Ok(stage)
    }

    async fn first_poll(&mut self) -> anyhow::Result<()> {
        let polled = tokio::select! {
            polled = timeout(START_WITHIN, self.control.polled(1)) => polled.is_ok(),
            ended = self.agent.end() => bail!("the agent did not start ({}):\n{}", ended?, self.agent.last_lines(20)),
        };
        ensure!(
            polled,
            "the agent did not poll in time:\n{}",
            self.agent.last_lines(20)
        );
        Ok(())
    }

    /// The agent's state directory.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.folder.inside("state")
    }

    /// Puts a new certificate and a new key in the place of the agent's, for each side; whoever looks finds out.
    ///
    /// # Errors
    /// A certificate could not be made or written.
    pub fn renew(&self) -> anyhow::Result<()> {
        for (side, authority) in [
            ("control-plane", &self.pki.control_clients),
            ("mcp", &self.pki.mcp_clients),
        ] {
            let issued = authority.issue(&Leaf::client(AGENT_NAME))?;
            self.folder
                .replace(&format!("{side}.pem"), &issued.chain_pem)?;
            self.folder
                .replace(&format!("{side}.key"), &issued.key_pem)?;
        }
        Ok(())
    }

    /// Stops the agent as an operator would, and waits until it is gone.
    ///
    /// # Errors
    /// It cannot be asked, or is not gone in time.
    pub async fn stop_agent(&mut self) -> anyhow::Result<ExitStatus> {
        self.agent.ask_to_stop()?;
        // An open poll is never cut by the agent: the service lets go of it.
        self.control.close_polls();
        let ended = timeout(STOP_WITHIN, self.agent.end()).await;
        Ok(ended.context("the agent did not stop in time")??)
    }
}

/// The agent's command line and the files it names.
struct Flags<'a> {
    pki: &'a Pki,
    folder: &'a Folder,
}

impl Flags<'_> {
    fn of(
        &self,
        plan: &Plan,
        control: &ControlPlane,
        server: Option<&McpServer>,
    ) -> anyhow::Result<Vec<OsString>> {
        let options = control.options();
        let key = self.folder.write("api.key", &options.api_key)?;
        let mut flags: Vec<OsString> = vec![
            "--control-plane.base-url".into(),
            control.url().into(),
            "--control-plane.tunnel-id".into(),
            options.tunnel_id.clone().into(),
            "--control-plane.api-key".into(),
            format!("file:{}", key.display()).into(),
            "--policy.file".into(),
            plan.policy.file(self.folder)?.into(),
            "--state.dir".into(),
            self.folder.inside("state").into(),
            "--health.listen-addr".into(),
            "127.0.0.1:0".into(),
        ];
        flags.extend(self.identity("control-plane", &self.pki.control_clients)?);
        let roots = match (&plan.upstream, server) {
            (Upstream::Url(url), _) => {
                flags.extend(["--mcp.server-url".into(), url.into()]);
                self.pki.control_servers.root_pem()
            }
            (Upstream::BuiltIn, server) => {
                let url = server.map(McpServer::url).unwrap_or_default();
                flags.extend(["--mcp.server-url".into(), url.into()]);
                flags.extend(["--trust.mode".into(), "replace".into()]);
                flags.extend(self.identity("mcp", &self.pki.mcp_clients)?);
                self.pki.control_servers.root_pem() + &self.pki.mcp_servers.root_pem()
            }
        };
        flags.extend([
            "--ca-bundle".into(),
            self.folder.write("roots.pem", &roots)?.into(),
        ]);
        flags.extend(plan.flags.iter().map(OsString::from));
        Ok(flags)
    }

    /// A client certificate for one side, and the two flags that name it.
    fn identity(&self, side: &str, authority: &Authority) -> anyhow::Result<[OsString; 4]> {
        let issued = authority.issue(&Leaf::client(AGENT_NAME))?;
        let write = |kind: &str, text: &str| -> io::Result<OsString> {
            Ok(self.folder.write(&format!("{side}.{kind}"), text)?.into())
        };
        Ok([
            format!("--{side}.client-cert").into(),
            write("pem", &issued.chain_pem)?,
            format!("--{side}.client-key").into(),
            write("key", &issued.key_pem)?,
        ])
    }
}
