//! `portcullis certs`: the tools for certificates, keys, roots and revocation lists. They need no running agent and change nothing, but for `dev`,
//! which writes throwaway certificates and exists in development builds only.

use std::io::Write;
use std::thread::sleep;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::ArgMatches;
use portcullis_certs::{Fault, Source, Texts};
use serde_json::{Value, json};

use super::{FAILURE, print};
use crate::app::{self, Endpoint};
use crate::config::{Config, Environment};
use crate::ops::audit::rfc3339;

mod arguments;
mod check;
#[cfg(feature = "demo")]
mod dev;
mod inventory;

pub(super) use arguments::{NAME, command};

/// Where a tool says what it found, and what went wrong.
type Streams<'a> = (&'a mut dyn Write, &'a mut dyn Write);

/// Runs one tool: 0 when nothing is wrong, 1 when something is, 2 when `check` finds nothing wrong but the time.
pub(super) fn run(matches: &ArgMatches, env: &Environment, (out, err): Streams<'_>) -> u8 {
    match matches.subcommand() {
        Some((arguments::CHECK, matches)) => check::run(matches, env, (out, err)),
        Some((arguments::INVENTORY, matches)) => inventory::run(matches, env, (out, err)),
        #[cfg(feature = "demo")]
        Some((arguments::DEV, matches)) => dev::run(matches, (out, err)),
        Some(_) | None => FAILURE,
    }
}

/// The endpoints of the configuration that flags, environment and file make.
fn configured(
    matches: &ArgMatches,
    env: &Environment,
    err: &mut dyn Write,
) -> Option<Vec<Endpoint>> {
    match Config::load(matches, env) {
        Ok(config) => Some(app::certificates(&config)),
        Err(error) => {
            print(err, &format!("portcullis: {error}"));
            None
        }
    }
}

/// As the agent reads: files that are being written are waited for.
fn read(source: &Source) -> Result<Texts, Vec<Fault>> {
    source.settle(sleep)
}

fn shown(fault: &Fault) -> Value {
    json!({
        "code": fault.code().label(),
        "part": fault.part().noun(),
        "file": fault.file().map(|file| file.display().to_string()),
        "problem": fault.problem(),
        "remedy": fault.remedy(),
    })
}

/// One line for what is wrong and one for what to do.
fn sentence(kind: &str, fault: &Fault) -> String {
    format!(
        "  {kind}: {}\n    remedy: {}\n",
        fault.problem(),
        fault.remedy()
    )
}

/// RFC 3339.
fn moment(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    rfc3339(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}

fn print_json(out: &mut dyn Write, value: &Value) {
    print(out, &format!("{value:#}"));
}
