//! `portcullis policy`: the tools for the policy file.

use std::io::Write;

use clap::{ArgMatches, Command};
use portcullis_policy::PolicySet;

use super::{SUCCESS, print};

/// The name of the command.
pub(super) const NAME: &str = "policy";

const DEFAULT: &str = "default";

/// Its arguments.
pub(super) fn command() -> Command {
    Command::new(NAME)
        .about("Tools for the policy file")
        .subcommand_required(true)
        .subcommand(
            Command::new(DEFAULT)
                .about("Print a policy that refuses everything, with comments, to start from"),
        )
}

/// Prints the policy to start from; it is the only tool so far.
pub(super) fn run(_: &ArgMatches, out: &mut dyn Write) -> u8 {
    print(out, PolicySet::DEFAULT);
    SUCCESS
}
