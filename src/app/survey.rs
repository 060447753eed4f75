//! Asks a live server what it offers, for the tools that write and compare policies while no agent runs.
//!
//! Promises: the server is reached as the agent would reach it, with the same certificates and roots and by the same rules; only the closed list of
//! `portcullis_policy::permit::Question` is asked; pages, bytes and time are bounded.

mod way;

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use portcullis_policy::Channel;
use portcullis_policy::document::Limits;
use portcullis_policy::gate::{Gated, Kind, Slot};
use portcullis_policy::permit::{Heard, Offer, Question, Survey};

use crate::edge::upstream::HttpServer;
use crate::relay::port::Answer as _;
use crate::runtime::deadline::Deadline;

pub use way::Way;

/// How long all of it may take.
const WITHIN: Duration = Duration::from_mins(1);
/// The most pages of one listing.
const PAGES: usize = 100;

/// What a server offers.
pub struct Surveyed {
    /// Its answer to `initialize`, or to `server/discover` if it opens no sessions.
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
    let server = way.server(channel)?;
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

async fn ask_all(
    server: &HttpServer,
    channel: &Channel,
    deadline: Deadline,
) -> anyhow::Result<Surveyed> {
    let mut asking = Asking {
        server,
        survey: Survey::new(channel.clone(), Limits::default()),
        deadline,
    };
    let opened = asking.open().await?;
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

/// The server answered, and not with what was asked for.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Declined(String);

struct Asking<'a> {
    server: &'a HttpServer,
    survey: Survey,
    deadline: Deadline,
}

impl Asking<'_> {
    /// Opens a session; a server that declines to may be of a revision without sessions.
    async fn open(&mut self) -> anyhow::Result<Gated> {
        match self.answer(Question::Initialize).await {
            Ok(opened) => {
                self.tell(Question::Initialized).await?;
                Ok(opened)
            }
            Err(first) if first.is::<Declined>() => {
                let discovered = self.answer(Question::Discover).await;
                discovered.map_err(|second| anyhow!("{first}; and {second}"))
            }
            Err(first) => Err(first),
        }
    }

    async fn tell(&mut self, question: Question<'_>) -> anyhow::Result<()> {
        let permitted = self.survey.ask(question);
        let told = self.server.call(permitted, self.deadline).await;
        told.map_err(|failure| unanswered(failure, question.method()))?;
        Ok(())
    }

    async fn pages(&mut self, offer: Offer) -> anyhow::Result<Vec<Gated>> {
        let (first, what) = (Question::Page(offer, None), offer.method());
        let mut pages = vec![self.answer(first).await?];
        while let Some(cursor) = pages.last().and_then(next_page) {
            if pages.len() >= PAGES {
                bail!("`{what}` of the MCP server has more than {PAGES} pages");
            }
            let next = Question::Page(offer, Some(&cursor));
            pages.push(self.answer(next).await?);
        }
        Ok(pages)
    }

    async fn answer(&mut self, question: Question<'_>) -> anyhow::Result<Gated> {
        let what = question.method();
        let permitted = self.survey.ask(question);
        let called = self.server.call(permitted, self.deadline).await;
        let mut answer = called.map_err(|failure| unanswered(failure, what))?;
        let status = answer.status();
        if !(200..300).contains(&status) {
            let told = format!("the MCP server answered `{what}` with the HTTP status {status}");
            bail!(Declined(told));
        }
        self.survey.begin(answer.headers());
        while let Some(text) = answer
            .next()
            .await
            .map_err(|failure| unanswered(failure, what))?
        {
            match self.survey.read(text) {
                Ok(Heard::Answer(message)) => return Ok(message),
                Ok(Heard::Other) => {}
                Err(why) => {
                    let told =
                        format!("the answer of the MCP server to `{what}` is unusable ({why})");
                    bail!(Declined(told));
                }
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
