//! The policy file at start: without one that reads, nothing starts. While the agent runs, [`book`] takes up what is written.

pub(super) mod book;
mod ends;
mod holding;
mod house;
mod trial;
mod trials;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use portcullis_policy::PolicySet;

use self::house::House;
use crate::config::{Config, Mistake, Source};
use crate::ops::audit::sha256;

/// One byte more than a policy may have tells "too large".
const READ_CAP: u64 = 1024 * 1024 + 1;

/// A policy and what names it.
pub(super) struct Read {
    /// What was compiled.
    pub(super) policy: PolicySet,
    /// SHA-256 of the text.
    pub(super) sha256: [u8; 32],
}

/// Reads and compiles the policy, and holds it against what this agent asks of one.
pub(super) fn read(config: &Config, mistakes: &mut Vec<Mistake>) -> Option<Read> {
    let text = match bytes(config.policy.path()) {
        Ok(text) => text,
        Err(error) => {
            mistakes.push(unreadable(config, &error));
            return None;
        }
    };
    match PolicySet::compile(&text) {
        Ok(policy) => {
            let faults = House::of(config).faults(&policy);
            mistakes.extend(faults.iter().map(|(_, fault)| at_place(config, fault)));
            Some(Read {
                sha256: sha256(&text),
                policy,
            })
        }
        Err(found) => {
            mistakes.extend(found.iter().map(|mistake| at_place(config, mistake)));
            None
        }
    }
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)?.take(READ_CAP).read_to_end(&mut text)?;
    Ok(text)
}

fn unreadable(config: &Config, error: &io::Error) -> Mistake {
    let path = config.policy.path().display();
    config.policy.mistake(
        format!("no policy can be read from `{path}` ({error}); without a policy nothing may cross, so the agent does not start"),
        format!("make one that refuses everything with `portcullis policy default > {path}`, then list your servers and tools in it"),
    )
}

fn at_place(config: &Config, mistake: &portcullis_policy::Mistake) -> Mistake {
    let source = Source::File {
        path: config.policy.path().to_owned(),
        line: mistake.line.into(),
        column: mistake.column.into(),
    };
    Mistake::new(
        "policy",
        source,
        mistake.problem.clone(),
        mistake.remedy.clone(),
    )
}
