//! `portcullis policy`: the tools for the policy file. Only `apply` needs a running agent; `fmt`, `edit` and `apply` change a file, and `init` makes one.
//!
//! Exit codes: 0 for yes, 1 for a file that cannot be read or has mistakes, 2 and 3 as each tool says.

use std::fs;
use std::io::{Write, stdin};
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use portcullis_policy::PolicySet;

use super::{FAILURE, SUCCESS, print};
use crate::config::Environment;

mod apply;
mod arguments;
mod check;
mod diff;
mod edit;
mod explain;
mod fmt;
mod init;
mod live;
mod pins;
mod replace;
mod talk;
#[cfg(test)]
mod tests;

pub(super) use arguments::{NAME, command};

/// The tool's answer is no: a call that is refused, a file that `fmt` would change, a policy that became tighter.
const NO: u8 = 2;
/// A policy became looser, or may have.
const LOOSER: u8 = 3;

/// Where answers and complaints go.
type Streams<'a> = (&'a mut dyn Write, &'a mut dyn Write);

/// Runs one tool.
pub(super) fn run(matches: &ArgMatches, env: &Environment, (out, err): Streams<'_>) -> u8 {
    match matches.subcommand() {
        Some((arguments::CHECK, matches)) => check::run(matches, (out, err)),
        Some((arguments::TEST, matches)) => check::test(matches, (out, err)),
        Some((arguments::EXPLAIN, matches)) => explain::run(matches, (out, err)),
        Some((arguments::DIFF, matches)) => diff::run(matches, (out, err)),
        Some((arguments::FMT, matches)) => fmt::run(matches, (out, err)),
        Some((arguments::EDIT, matches)) => {
            edit::run(matches, env, (&mut stdin().lock(), (out, err)))
        }
        Some((arguments::APPLY, matches)) => apply::run(matches, env, (out, err)),
        Some((arguments::INIT, matches)) => init::run(matches, env, (out, err)),
        Some((arguments::PINS, matches)) => pins::run(matches, env, (out, err)),
        Some((arguments::SCHEMA, _)) => {
            print(out, PolicySet::SCHEMA);
            SUCCESS
        }
        Some(_) | None => {
            print(out, PolicySet::DEFAULT);
            SUCCESS
        }
    }
}

fn path<'m>(matches: &'m ArgMatches, name: &str) -> &'m Path {
    matches
        .get_one::<PathBuf>(name)
        .map_or(Path::new(""), PathBuf::as_path)
}

/// The bytes of a file that is named on the command line; complains if there are none.
fn read(path: &Path, err: &mut dyn Write) -> Option<Vec<u8>> {
    match fs::read(path) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            print(
                err,
                &format!("portcullis: cannot read `{}`: {error}", path.display()),
            );
            None
        }
    }
}

/// The policy in a file; complains of every mistake if there is none.
fn load(path: &Path, err: &mut dyn Write) -> Option<PolicySet> {
    let bytes = read(path, err)?;
    match PolicySet::compile(&bytes) {
        Ok(policy) => Some(policy),
        Err(mistakes) => {
            for mistake in &mistakes {
                print(err, &check::excerpt(path, &bytes, "error", mistake));
            }
            None
        }
    }
}
