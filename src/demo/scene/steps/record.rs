//! What stays when the agent is gone: the audit log, and what becomes of it when somebody touches it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};

use super::super::narrator::Told;
use crate::{
    demo::stage::Stage,
    ops::audit::{
        checkpoint::Verifier,
        verify::{Against, verify},
    },
};

/// The public half of the key that signs the checkpoints, in the folder of the log.
const KEY: &str = "verifier.key";

pub(super) fn kept(stage: &Stage) -> anyhow::Result<Told> {
    let log = stage.state().join("audit");
    let key = fs::read_to_string(log.join(KEY)).context("cannot read the log's public key")?;
    let key = Verifier::parse(key.trim()).context("the log's public key is none")?;
    let against = Against {
        keys: vec![key],
        ..Against::default()
    };
    let verified = verify(&log, &against).context("the audit log does not verify")?;
    let (intents, refusals) = (count(&log, "intent")?, count(&log, "refusal")?);
    ensure!(
        intents > 0 && refusals > 0 && verified.signed == verified.size,
        "the audit log is not whole: {verified:?}"
    );
    let copy = stage.state().join("copy");
    let touched = touch(&log, &copy).context("cannot copy the audit log")?;
    let Err(found) = verify(&copy, &against) else {
        bail!("a changed audit log was not found out");
    };
    Ok(vec![
        (
            "record",
            format!(
                "{} records: {intents} messages let in, each before it went and again when it was done; {refusals} refused",
                verified.size
            ),
        ),
        (
            "verified",
            "each record stands as it was written, under a signed checkpoint".to_owned(),
        ),
        (
            "altered",
            format!("{touched} in a copy, and verified again"),
        ),
        ("found", found.to_string()),
    ])
}

/// How many records of a kind there are.
fn count(log: &Path, kind: &str) -> io::Result<usize> {
    let wanted = format!("\"kind\":\"{kind}\"");
    let text = fs::read_to_string(segment(log))?;
    Ok(text.lines().filter(|line| line.contains(&wanted)).count())
}

/// Copies the log and makes a refusal of it a permission; what was done.
fn touch(log: &Path, copy: &Path) -> io::Result<&'static str> {
    fs::create_dir(copy)?;
    for entry in fs::read_dir(log)? {
        let entry = entry?;
        fs::copy(entry.path(), copy.join(entry.file_name()))?;
    }
    let text = fs::read_to_string(segment(copy))?;
    let text = text.replacen("\"verdict\":\"deny\"", "\"verdict\":\"allow\"", 1);
    fs::write(segment(copy), text)?;
    Ok("one `deny` made an `allow`")
}

fn segment(log: &Path) -> PathBuf {
    log.join("000001.jsonl")
}
