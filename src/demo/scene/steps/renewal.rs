//! What becomes of calls while the certificates they go under are replaced.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{
    super::{
        caller::{Caller, replied},
        narrator::Told,
    },
    evidence::{server, text},
};
use crate::demo::{
    control_plane::Route,
    mcp_server::{SEARCH_RECORDS, SLOW_COUNT},
    stage::Stage,
};

const TAKEN_UP_WITHIN: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(5);

pub(super) async fn renewed(stage: &Stage, caller: &mut Caller) -> anyhow::Result<Told> {
    server(stage)?.forget();
    let slow = json!({"name": SLOW_COUNT, "arguments": {"to": 10}});
    let slow = caller.begin("tools/call", slow);
    while server(stage)?.heard().is_empty() {
        sleep(LOOK_EVERY).await;
    }
    let old = (at_server(stage)?, at_control(stage)?);
    stage.renew()?;
    stage.agent.ask_to_reload()?;
    let (calls, took) = until_new(stage, caller, &old).await?;
    let counted = replied(slow).await?.value();
    ensure!(
        text(&counted, "/result/content/0/text") == "counted to 10",
        "the call under way was hurt: {counted}"
    );
    Ok(vec![
        (
            "asked",
            format!("a new certificate and key for each side, and SIGHUP, while {SLOW_COUNT} runs"),
        ),
        (
            "server",
            format!(
                "call {calls} after it, {} ms later, came with the new certificate ({})",
                took.as_millis(),
                at_server(stage)?
            ),
        ),
        (
            "control",
            format!("got its reply with a new one too ({})", at_control(stage)?),
        ),
        (
            "answer",
            "the call under way ended under its old one: counted to 10; none was lost".to_owned(),
        ),
    ])
}

/// Calls until both sides see other certificates than the `old` ones: how many calls that took, and how long.
async fn until_new(
    stage: &Stage,
    caller: &mut Caller,
    old: &(String, String),
) -> anyhow::Result<(usize, Duration)> {
    let (began, mut calls) = (Instant::now(), 0);
    while at_server(stage)? == old.0 || at_control(stage)? == old.1 {
        calls += 1;
        let reply = caller
            .call(SEARCH_RECORDS, json!({"query": "alice"}))
            .await?;
        let is_error = reply.value().pointer("/result/isError").cloned();
        ensure!(
            is_error == Some(Value::Bool(false)),
            "a call failed while certificates were replaced: {}",
            reply.value()
        );
        ensure!(
            began.elapsed() < TAKEN_UP_WITHIN,
            "the new certificates were not taken up in time:\n{}",
            stage.agent.last_lines(20)
        );
    }
    Ok((calls, began.elapsed()))
}

/// The certificate of the last request at the server, by its serial number.
fn at_server(stage: &Stage) -> anyhow::Result<String> {
    let heard = server(stage)?.heard();
    let peer = heard.last().and_then(|request| request.peer.as_ref());
    Ok(short(&peer.context("the server heard nobody")?.serial))
}

/// The certificate of the last reply at the control plane.
fn at_control(stage: &Stage) -> anyhow::Result<String> {
    let calls = stage.control.calls();
    let last = calls
        .iter()
        .rfind(|call| call.route == Route::Response)
        .and_then(|call| call.peer.as_ref());
    Ok(short(
        &last.context("the control plane got no reply")?.serial,
    ))
}

/// The first bytes tell serial numbers of one run apart.
fn short(serial: &str) -> String {
    serial.chars().take(11).collect()
}
