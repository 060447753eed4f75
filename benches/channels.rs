//! What a slow channel costs the one beside it (W-01): latencies of a fast channel alone, and while a hundred calls wait for a server that
//! takes 5 s for each.
//!
//! The real agent in a process of its own, on loopback, over mutual TLS on both sides. Both rows are taken in turns in one run. Figures,
//! not a test: only a call that is not answered as it should be ends the run with a failure.

use std::env;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use portcullis::demo::agent::Log;
use portcullis::demo::control_plane::{Command, Pending};
use portcullis::demo::mcp_server::{Answer, McpServer, Options, Piece, SEARCH_RECORDS};
use portcullis::demo::policy::Choice;
use portcullis::demo::{Plan, Stage};

const ROUNDS: usize = 3;
const CALLS: usize = 1_500;
const CALLERS: usize = 4;
const SLOW: usize = 100;
const SLOW_TAKES: Duration = Duration::from_secs(5);
/// How long callers of the slow channel wait; after that the next round starts without them.
const SLOW_WAITS: Duration = Duration::from_secs(10);
/// The most the 99th percentile may grow.
const BUDGET: f64 = 1.5;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure())
}

async fn measure() -> anyhow::Result<()> {
    let stage = Stage::set(&plan(), Log::Kept).await?;
    call_fast(&stage).await?;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.extend(call_fast(&stage).await?);
        let waiting = fill_slow(&stage)?;
        beside.extend(call_fast(&stage).await?);
        ensure!(
            stage.control.open_commands() > 0,
            "the slow calls were over too soon to slow anything"
        );
        tokio::time::sleep(SLOW_WAITS).await;
        drop(waiting);
    }
    print(&mut alone, &mut beside);
    Ok(())
}

fn plan() -> Plan {
    let servers = ["main", "slow"].map(|channel| {
        format!("[[server]]\nchannel = \"{channel}\"\ntools = [\"{SEARCH_RECORDS}\"]\n")
    });
    Plan {
        policy: Choice::Text(format!("schema = 1\n{}", servers.concat())),
        channels: vec!["slow".to_owned()],
        flags: vec!["--control-plane.max-inflight".into(), SLOW.to_string()],
        server: Options {
            sessions: false,
            ..Options::default()
        },
        ..Plan::new(env!("CARGO_BIN_EXE_portcullis").into())
    }
}

/// Latencies of calls on the fast channel, a few callers at once.
async fn call_fast(stage: &Stage) -> anyhow::Result<Vec<Duration>> {
    let callers = (0..CALLERS).map(|_| {
        let control = stage.control.clone();
        tokio::spawn(async move {
            let mut latencies = Vec::new();
            for _ in 0..CALLS / CALLERS {
                let start = Instant::now();
                let reply = control.enqueue(call()).reply().await?;
                ensure!(reply.code == 200, "a call was not answered: {reply:?}");
                latencies.push(start.elapsed());
            }
            Ok(latencies)
        })
    });
    let mut all = Vec::new();
    for caller in callers.collect::<Vec<_>>() {
        all.extend(caller.await??);
    }
    Ok(all)
}

fn fill_slow(stage: &Stage) -> anyhow::Result<Vec<Pending>> {
    let slow: &McpServer = stage.others.first().context("no slow server")?;
    let answer = |heard: &_| {
        Answer::result(heard, r#"{"content":[],"isError":false}"#).first(Piece::Wait(SLOW_TAKES))
    };
    (0..SLOW).for_each(|_| slow.script(answer));
    let waits = format!("{}s", SLOW_WAITS.as_secs());
    let waiting = (0..SLOW).map(|_| {
        let command = call().channel("slow").response_timeout(&waits);
        stage.control.enqueue(command)
    });
    Ok(waiting.collect())
}

fn call() -> Command {
    Command::jsonrpc(format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{SEARCH_RECORDS}","arguments":{{"query":"alice"}}}}}}"#
    ))
    .response_timeout("60s")
}

#[expect(clippy::print_stdout, reason = "this is what a benchmark is for")]
fn print(alone: &mut [Duration], beside: &mut [Duration]) {
    println!("fast channel, {CALLERS} callers         p50 us    p99 us");
    for (name, row) in [("alone", &mut *alone), ("beside a slow one", &mut *beside)] {
        println!(
            "  {name:<22} {:>12} {:>9}",
            percentile(row, 50).as_micros(),
            percentile(row, 99).as_micros()
        );
    }
    let ratio = percentile(beside, 99).as_secs_f64() / percentile(alone, 99).as_secs_f64();
    let verdict = if ratio <= BUDGET { "met" } else { "MISSED" };
    println!("  ratio of the p99 {ratio:.2}, at most {BUDGET}: {verdict}");
}

fn percentile(row: &mut [Duration], percent: usize) -> Duration {
    row.sort_unstable();
    row.get(row.len() * percent / 100)
        .copied()
        .unwrap_or_default()
}
