//! The command line: one file per command, and the only place that prints.
//!
//! Promises: exit code 0 for success, help and version; 1 for every failure, and 2 for an agent that `health` finds not healthy, or certificates that `certs check` finds not valid yet. What the operator typed is never repeated unless it is certainly not a
//! secret.
//! Leaves to others: what the settings mean (`config`) and the work itself (`app`).

mod ask;
mod audit;
mod certs;
#[cfg(feature = "demo")]
mod demo;
mod health;
mod operate;
mod policy;
mod run;
mod status;
#[cfg(test)]
mod tests;
mod usage;

use std::ffi::OsString;
use std::io::Write;

use clap::error::ErrorKind;
use clap::{ArgMatches, Command};

use crate::config::Environment;

const SUCCESS: u8 = 0;
const FAILURE: u8 = 1;

/// Runs the command the arguments name and returns the exit code. The first argument is the name of the program.
pub fn main(
    args: impl IntoIterator<Item = OsString>,
    env: &Environment,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    match command().try_get_matches_from(args) {
        Ok(matches) => dispatch(&matches, env, out, err),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            ) =>
        {
            print(out, &error.to_string());
            SUCCESS
        }
        Err(error) => {
            print(err, &usage::explain(&error));
            FAILURE
        }
    }
}

fn command() -> Command {
    let command = Command::new("portcullis")
        .version(env!("CARGO_PKG_VERSION"))
        .about("A hardened agent for the Secure MCP Tunnel")
        .subcommand(run::command())
        .subcommand(status::command())
        .subcommand(health::command())
        .subcommands(operate::commands())
        .subcommand(policy::command())
        .subcommand(audit::command())
        .subcommand(certs::command());
    #[cfg(feature = "demo")]
    let command = command.subcommand(demo::command());
    command
}

fn dispatch(
    matches: &ArgMatches,
    env: &Environment,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    match matches.subcommand() {
        Some((run::NAME, matches)) => run::run(matches, env, err),
        Some((status::NAME, matches)) => status::run(matches, env, (out, err)),
        Some((health::NAME, matches)) => health::run(matches, (out, err)),
        Some((operate::LOG_LEVEL, matches)) => operate::log_level(matches, env, (out, err)),
        Some((operate::DROP, matches)) => operate::gate(operate::DROP, matches, env, (out, err)),
        Some((operate::RAISE, matches)) => operate::gate(operate::RAISE, matches, env, (out, err)),
        Some((operate::QUIESCE, matches)) => {
            operate::gate(operate::QUIESCE, matches, env, (out, err))
        }
        Some((operate::RELOAD, matches)) => operate::reload(matches, env, (out, err)),
        Some((policy::NAME, matches)) => policy::run(matches, env, (out, err)),
        Some((audit::NAME, matches)) => audit::run(matches, out, err),
        Some((certs::NAME, matches)) => certs::run(matches, env, (out, err)),
        #[cfg(feature = "demo")]
        Some((demo::NAME, matches)) => demo::run(matches, out, err),
        Some(_) | None => {
            print(out, &command().render_help().to_string());
            SUCCESS
        }
    }
}

/// Writes text with one newline at its end. There is nowhere to report a failure to write.
fn print(to: &mut dyn Write, text: &str) {
    let _ = writeln!(to, "{}", text.trim_end());
    let _ = to.flush();
}
