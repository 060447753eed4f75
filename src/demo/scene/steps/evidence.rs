//! What both sides of the agent, and its log, have to show.

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::demo::{control_plane::Reply, mcp_server::McpServer, stage::Stage};

/// What the agent decided, from its log under the correlation id that the caller got.
pub(super) async fn refused(
    stage: &Stage,
    reply: &Reply,
    expected: &str,
) -> anyhow::Result<String> {
    let answer = reply.value();
    let correlation = text(&answer, "/error/data/correlation_id").to_owned();
    ensure!(
        !correlation.is_empty(),
        "the call was not refused: {answer}"
    );
    let line = stage
        .agent
        .line(|line| text(line, "/decision") == "deny" && text(line, "/correlation") == correlation)
        .await;
    let line = line.with_context(|| format!("the agent logged no refusal {correlation}"))?;
    let reason = text(&line, "/reason");
    ensure!(
        reason.ends_with(expected),
        "refused for `{reason}` instead of `{expected}`"
    );
    Ok(match line.get("policy_line").and_then(Value::as_u64) {
        Some(number @ 1..) => {
            format!("deny: {reason}, policy line {number} (correlation {correlation})")
        }
        Some(0) | None => format!("deny: {reason} (correlation {correlation})"),
    })
}

pub(super) fn unheard(stage: &Stage) -> anyhow::Result<()> {
    let heard = server(stage)?.heard();
    ensure!(heard.is_empty(), "the server got {} requests", heard.len());
    Ok(())
}

pub(super) fn server(stage: &Stage) -> anyhow::Result<&McpServer> {
    stage
        .server
        .as_ref()
        .context("there is no MCP server of our own")
}

/// The error the caller got, in one line.
pub(super) fn answer(reply: &Reply) -> String {
    let value = reply.value();
    format!(
        "error {}: {}",
        value.pointer("/error/code").unwrap_or(&Value::Null),
        text(&value, "/error/message")
    )
}

/// The text at a JSON pointer; empty if there is none.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default()
}
