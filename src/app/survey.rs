//! Asks a live server what it offers, for the tools that write and compare policies while no agent runs.
//!
//! Promises: the server is reached as the agent would reach it, with the same certificates and roots and by the same rules; only the closed list of
//! `portcullis_policy::permit::Question` is asked; pages, bytes and time are bounded.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, anyhow, bail};
use portcullis_certs as certs;
use portcullis_policy::gate::{Gated, Kind, Slot};
use portcullis_policy::permit::{Heard, Offer, Question, Survey};
use portcullis_policy::{Channel, PolicySet};

use super::{credentials, peers};
use crate::config::{Config, Url};
use crate::edge::handshake::Witness;
use crate::edge::net::Peer;
use crate::edge::tls::{Floor, Parts};
use crate::edge::upstream::{AnswerCaps, HttpServer, OperatorHeaders, ServerConfig, Timers};
use crate::relay::port::Answer as _;
use crate::runtime::deadline::Deadline;

/// How long all of it may take.
const WITHIN: Duration = Duration::from_mins(1);
const CONNECT: Duration = Duration::from_secs(10);
/// The most pages of one listing.
const PAGES: usize = 100;

/// How the server is reached.
pub enum Way<'a> {
    /// As the configuration of the agent says for this channel.
    Configured(&'a Config),
    /// At this URL, with these files.
    Files(&'a Url, certs::Source),
}

/// What a server offers.
pub struct Surveyed {
    /// Its answer to `initialize`.
    pub opened: Gated,
    /// The pages of its tools.
    pub tools: Vec<Gated>,
    /// The pages of its prompts; none if it has none.
    pub prompts: Vec<Gated>,
    /// The pages of its resources; none if it has none.
    pub resources: Vec<Gated>,
}

/// Asks the server of a channel.
///
/// # Errors
/// The server cannot be reached, does not answer in time, or not as MCP says; and every fault of the certificates.
pub fn survey(way: &Way<'_>, channel: &Channel) -> anyhow::Result<Surveyed> {
    let server = server(way, channel)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    runtime.block_on(async {
        let deadline = Deadline::within(WITHIN);
        let asked = deadline.bound(ask_all(&server, channel, deadline)).await;
        asked.unwrap_or_else(|_| {
            bail!(
                "the MCP server did not answer within {} s",
                WITHIN.as_secs()
            )
        })
    })
}

fn server(way: &Way<'_>, channel: &Channel) -> anyhow::Result<HttpServer> {
    let default = PolicySet::compile(PolicySet::DEFAULT.as_bytes());
    let default = default.map_err(|_| anyhow!("the built-in policy is broken"))?;
    match way {
        Way::Configured(config) => {
            let mut bindings = config.mcp.bindings.iter();
            let binding = bindings
                .find(|binding| binding.channel == *channel)
                .with_context(|| format!("no MCP server is bound to the channel `{channel}`"))?;
            let public = credentials::public(config);
            let source = peers::server_source(config, binding, &public);
            let uses = peers::server_use(config, binding);
            let read = source.read();
            let (_, texts) = read.map_err(|(faults, reasons)| {
                let secrets = reasons.into_iter().map(|reason| reason.sentence);
                told(&faults, secrets)
            })?;
            let judged = source.judge_first(texts, &uses.rules);
            let material = judged.map_err(|faults| told(&faults, std::iter::empty()))?;
            let (tls, carried) = uses.of(&material)?;
            let peer = Peer::carrying(tls, config.mcp.timers.connect, carried, Witness::default());
            let config = peers::server_config(config, binding, default.limits());
            Ok(HttpServer::new(Arc::new(peer), config))
        }
        Way::Files(url, files) => Ok(HttpServer::new(
            Arc::new(peer(files)?),
            ServerConfig {
                url: url.uri().clone(),
                timers: Timers {
                    header: WITHIN,
                    idle: WITHIN,
                },
                caps: AnswerCaps {
                    message: default.limits().response_bytes,
                    stream: default.limits().stream_bytes,
                },
            },
        )),
    }
}

fn peer(files: &certs::Source) -> anyhow::Result<Peer<OperatorHeaders>> {
    let texts = files.read();
    let texts = texts.map_err(|faults| told(&faults, std::iter::empty()))?;
    let rules = certs::Rules::default();
    let judged = certs::Material::judge(&texts, &rules, None, SystemTime::now());
    let material = judged.map_err(|rejected| told(&rejected.faults, std::iter::empty()))?;
    let verifier = material.server_verifier(rules.profile);
    let parts = Parts::verified_by(verifier.context("could not set up the roots")?);
    let parts = match material.identity() {
        Some(identity) => parts.with_identity(Arc::clone(identity)),
        None => parts,
    };
    let tls = parts.mcp(Floor::Tls13).context("could not set up TLS")?;
    Ok(Peer::carrying(tls, CONNECT, Vec::new(), Witness::default()))
}

fn told(faults: &[certs::Fault], others: impl Iterator<Item = String>) -> anyhow::Error {
    let faults = faults
        .iter()
        .map(|fault| format!("{}; {}", fault.problem(), fault.remedy()));
    let all: Vec<String> = faults.chain(others).collect();
    anyhow!("{}", all.join("\n  "))
}

async fn ask_all(
    server: &HttpServer,
    channel: &Channel,
    deadline: Deadline,
) -> anyhow::Result<Surveyed> {
    let default = PolicySet::compile(PolicySet::DEFAULT.as_bytes());
    let default = default.map_err(|_| anyhow!("the built-in policy is broken"))?;
    let mut asking = Asking {
        server,
        survey: Survey::new(channel.clone(), default.limits().clone()),
        deadline,
    };
    let opened = asking.answer(Question::Initialize, "initialize").await?;
    asking.tell(Question::Initialized).await?;
    let mut found = Surveyed {
        tools: asking.pages(Offer::Tools).await?,
        prompts: Vec::new(),
        resources: Vec::new(),
        opened,
    };
    if offers(&found.opened, "prompts") {
        found.prompts = asking.pages(Offer::Prompts).await?;
    }
    if offers(&found.opened, "resources") {
        found.resources = asking.pages(Offer::Resources).await?;
    }
    // A server that keeps the session is no reason to say nothing of what it answered.
    if let Some(end) = asking.survey.close() {
        let _ = server.call(end, deadline).await;
    }
    Ok(found)
}

struct Asking<'a> {
    server: &'a HttpServer,
    survey: Survey,
    deadline: Deadline,
}

impl Asking<'_> {
    async fn tell(&mut self, question: Question<'_>) -> anyhow::Result<()> {
        let permitted = self.survey.ask(question);
        let told = self.server.call(permitted, self.deadline).await;
        told.map_err(|failure| unanswered(failure, "notifications/initialized"))?;
        Ok(())
    }

    async fn pages(&mut self, offer: Offer) -> anyhow::Result<Vec<Gated>> {
        let (first, what) = (Question::Page(offer, None), offer.method());
        let mut pages = vec![self.answer(first, what).await?];
        while let Some(cursor) = pages.last().and_then(next_page) {
            if pages.len() >= PAGES {
                bail!("`{what}` of the MCP server has more than {PAGES} pages");
            }
            let next = Question::Page(offer, Some(&cursor));
            pages.push(self.answer(next, what).await?);
        }
        Ok(pages)
    }

    async fn answer(
        &mut self,
        question: Question<'_>,
        what: &'static str,
    ) -> anyhow::Result<Gated> {
        let permitted = self.survey.ask(question);
        let called = self.server.call(permitted, self.deadline).await;
        let mut answer = called.map_err(|failure| unanswered(failure, what))?;
        let status = answer.status();
        if !(200..300).contains(&status) {
            bail!("the MCP server answered `{what}` with the HTTP status {status}");
        }
        self.survey.begin(answer.headers());
        while let Some(text) = answer
            .next()
            .await
            .map_err(|failure| unanswered(failure, what))?
        {
            let heard = self.survey.read(text);
            match heard.map_err(|why| {
                anyhow!("the answer of the MCP server to `{what}` is unusable ({why})")
            })? {
                Heard::Answer(message) => return Ok(message),
                Heard::Other => {}
            }
        }
        bail!("the MCP server gave no answer to `{what}`")
    }
}

/// Whether the server declares it when a session opens.
fn offers(opened: &Gated, what: &str) -> bool {
    let declared = opened.node(Slot::ResultCapabilities);
    declared.is_some_and(|declared| declared.get(what).is_some())
}

fn next_page(page: &Gated) -> Option<Vec<u8>> {
    let next = page.node(Slot::ResultNextCursor)?;
    (next.kind() == Kind::String).then(|| next.raw().to_vec())
}

fn unanswered(failure: portcullis_policy::Failure, what: &str) -> anyhow::Error {
    let (source, kind) = (failure.source().label(), failure.kind().label());
    anyhow!(
        "the MCP server gave no answer to `{what}` ({source}: {kind}); check the URL, and what the server says"
    )
}
