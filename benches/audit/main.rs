//! What a call costs at the audit log: an intent and an outcome with 1 KiB of request and answer, 64 callers, less what these callers cost without
//! it, beside a floor that appends the same bytes with plain `write`. Then refusals alike, and the speed of verification. Figures, not a test: a
//! budget that is missed is printed as such.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis::ops::audit::verify::{Against, verify};
use portcullis::ops::audit::{Audit, Decided, Digest, Ended, Refusal, Settings, read};

const CALLERS: u64 = 64;
const CALLS_EACH: u64 = 2000;
const REFUSALS: u64 = 200_000;
/// Microseconds of processor time for one call.
const BUDGET: f64 = 6.0;

fn main() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let log = dir.path().join("audit");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let audit = Arc::new(Audit::open(&Settings::new(
        log.clone(),
        "portcullis/bench".to_owned(),
    ))?);
    let bare = spent(|| runtime.block_on(calls(None)))?;
    let cost = per_call(spent(|| runtime.block_on(calls(Some(&audit))))?.saturating_sub(bare));
    let refused = refusals(&audit);
    audit.stop("the bench is over")?;
    let floor = floor(&log, &dir.path().join("floor"))?;
    let (records, seconds) = verification(&log)?;
    let mut out = io::stdout().lock();
    let met = if cost <= BUDGET { "met" } else { "MISSED" };
    writeln!(out, "audit, 1 KiB request and answer, {CALLERS} callers")?;
    writeln!(
        out,
        "  intent and outcome   {cost:>7.2} us of processor a call beyond its caller's own   at most {BUDGET:.0}: {met}"
    )?;
    writeln!(
        out,
        "  floor, plain write   {floor:>7.2} us of processor a call"
    )?;
    writeln!(out, "  refusals alike       {refused:>7.0} a second")?;
    writeln!(
        out,
        "  verification         {:>7.0} records a second",
        records as f64 / seconds
    )?;
    Ok(())
}

/// Processor time of all threads for one piece of work.
fn spent(work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let before = processor()?;
    work()?;
    Ok(processor()?.saturating_sub(before))
}

/// The calls of all callers; without a log, what the callers cost by themselves.
async fn calls(audit: Option<&Arc<Audit>>) -> anyhow::Result<()> {
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| tokio::spawn(call(audit.cloned(), caller)))
        .collect();
    for caller in callers {
        caller.await??;
    }
    if let Some(audit) = audit {
        audit.flush();
    }
    Ok(())
}

async fn call(audit: Option<Arc<Audit>>, caller: u64) -> anyhow::Result<()> {
    let body = [b'x'; 1024];
    for number in 0..CALLS_EACH {
        let Some(audit) = &audit else {
            tokio::task::yield_now().await;
            continue;
        };
        let decided = Decided {
            correlation: u128::from(caller * CALLS_EACH + number),
            request: &body,
            ..command()
        };
        let intent = audit.intent(&decided).await?;
        tokio::task::yield_now().await;
        let ended = Ended {
            verdict: "allow",
            resp_code: Some(200),
            answer: Some(Digest::of(&[&body])),
            ..Ended::default()
        };
        audit.outcome(intent, &ended);
    }
    Ok(())
}

fn command() -> Decided<'static> {
    Decided {
        request_id: "0123456789abcdef0123456789abcdef",
        channel: "main",
        message: "call",
        method: Some("tools/call"),
        selector: Some("search_records"),
        ..Decided::default()
    }
}

/// How many refusals alike are taken in a second.
fn refusals(audit: &Audit) -> f64 {
    let start = Instant::now();
    let reason = Refusal {
        reason: "tool_not_listed",
        ..Refusal::default()
    };
    for number in 0..REFUSALS {
        let refused = Decided {
            correlation: u128::from(number),
            ..command()
        };
        audit.refusal(&refused, &reason);
    }
    REFUSALS as f64 / start.elapsed().as_secs_f64()
}

/// The bytes of the log again, as two writes a call.
fn floor(log: &Path, to: &Path) -> anyhow::Result<f64> {
    let bytes = fs::read(log.join("000001.jsonl"))?;
    let size = (bytes.len() as u64 / (2 * CALLERS * CALLS_EACH)).max(1);
    let mut file = OpenOptions::new().create(true).append(true).open(to)?;
    let before = processor()?;
    for piece in bytes.chunks(usize::try_from(size)?) {
        file.write_all(piece)?;
    }
    Ok(per_call(processor()? - before))
}

fn verification(log: &Path) -> anyhow::Result<(u64, f64)> {
    let against = Against {
        keys: read::verifiers(log)?,
        ..Against::default()
    };
    let start = Instant::now();
    let verified = verify(log, &against)?;
    Ok((verified.size, start.elapsed().as_secs_f64()))
}

fn per_call(spent: Duration) -> f64 {
    spent.as_secs_f64() * 1e6 / (CALLERS * CALLS_EACH) as f64
}

/// Processor time of all threads that run, as the scheduler counts it in nanoseconds.
fn processor() -> anyhow::Result<Duration> {
    let mut nanos = 0;
    for task in fs::read_dir("/proc/self/task")? {
        let counts = fs::read_to_string(task?.path().join("schedstat"))?;
        nanos += counts
            .split(' ')
            .next()
            .unwrap_or_default()
            .parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanos))
}
