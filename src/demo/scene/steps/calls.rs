//! What becomes of calls: two that are allowed, two that are not.

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};

use super::{
    super::{caller::Caller, narrator::Told},
    evidence::{answer, refused, server, text, unheard},
};
use crate::demo::{
    control_plane::Reply,
    mcp_server::{DELETE_RECORD, SEARCH_RECORDS, SLOW_COUNT, TOOLS},
    stage::{AGENT_NAME, Stage},
};

/// The policy takes 64 KiB.
const TOO_MANY_KIB: usize = 100;

pub(super) async fn listed(stage: &Stage, caller: &mut Caller) -> anyhow::Result<Told> {
    server(stage)?.forget();
    let arguments = json!({"query": "alice"});
    let reply = caller.call(SEARCH_RECORDS, arguments).await?.value();
    let found = reply.pointer("/result/structuredContent/records");
    let found = found.with_context(|| format!("the tool found nothing: {reply}"))?;
    let is_permit =
        |line: &Value| text(line, "/decision") == "permit" && text(line, "/tool") == SEARCH_RECORDS;
    let line = stage.agent.line(is_permit).await;
    let line = line.context("the agent logged no permit for the tool")?;
    heard_from_the_agent(stage)?;
    let permit = format!(
        "permit: the policy lists the tool (correlation {})",
        text(&line, "/correlation")
    );
    let seen = format!("got one request, with the certificate of {AGENT_NAME}, and ran the tool");
    Ok(vec![
        (
            "asked",
            format!("tools/call {SEARCH_RECORDS}, query \"alice\""),
        ),
        ("decided", permit),
        ("server", seen),
        ("answer", found.to_string()),
    ])
}

/// One request, from the agent and from nobody else, which ran the tool.
fn heard_from_the_agent(stage: &Stage) -> anyhow::Result<()> {
    let (heard, run) = (server(stage)?.heard(), server(stage)?.tools_run());
    let [request] = heard.as_slice() else {
        bail!("the server got {} requests instead of one", heard.len());
    };
    let peer = request.peer.as_ref().map_or("nobody", |peer| &peer.subject);
    ensure!(
        peer == format!("CN={AGENT_NAME}"),
        "the server was called by `{peer}`"
    );
    ensure!(run == [SEARCH_RECORDS], "the server ran {run:?}");
    Ok(())
}

pub(super) async fn unlisted(stage: &Stage, caller: &mut Caller) -> anyhow::Result<Told> {
    server(stage)?.forget();
    let arguments = json!({"record": "bob: invoice 18"});
    let reply = caller.call(DELETE_RECORD, arguments).await?;
    let asked = format!("tools/call {DELETE_RECORD}, record \"bob: invoice 18\"");
    denied(stage, asked, &reply, "tool_not_listed").await
}

pub(super) async fn oversized(stage: &Stage, caller: &mut Caller) -> anyhow::Result<Told> {
    server(stage)?.forget();
    let arguments = json!({"query": "a".repeat(TOO_MANY_KIB * 1024)});
    let reply = caller.call(SEARCH_RECORDS, arguments).await?;
    let asked = format!("tools/call {SEARCH_RECORDS}, with a query of {TOO_MANY_KIB} KiB");
    denied(stage, asked, &reply, "too_large").await
}

/// Refused for this reason, and the server never heard of it.
async fn denied(stage: &Stage, asked: String, reply: &Reply, reason: &str) -> anyhow::Result<Told> {
    let decided = refused(stage, reply, reason).await?;
    unheard(stage)?;
    Ok(vec![
        ("asked", asked),
        ("decided", decided),
        (
            "server",
            "got nothing: its record of requests is empty".to_owned(),
        ),
        ("answer", answer(reply)),
    ])
}

pub(super) async fn listing(stage: &Stage, caller: &mut Caller) -> anyhow::Result<Told> {
    server(stage)?.forget();
    let reply = caller.ask("tools/list", json!({})).await?.value();
    let shown = reply.pointer("/result/tools").and_then(Value::as_array);
    let shown = shown.context("the listing has no tools")?;
    let shown: Vec<_> = shown.iter().map(|tool| text(tool, "/name")).collect();
    ensure!(
        shown == [SEARCH_RECORDS, SLOW_COUNT],
        "the listing shows {shown:?}"
    );
    ensure!(
        server(stage)?.heard().len() == 1,
        "the server was not asked"
    );
    let removed = |line: &Value| line.get("removed") == Some(&Value::from(1));
    let line = stage.agent.line(removed).await;
    line.context("the agent logged no removal from the listing")?;
    Ok(vec![
        ("asked", "tools/list".to_owned()),
        ("server", format!("has {}", TOOLS.join(", "))),
        (
            "decided",
            "permit, with one tool removed from the answer".to_owned(),
        ),
        ("answer", shown.join(", ")),
    ])
}
