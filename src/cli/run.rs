//! `portcullis run`: read the configuration and work until told to stop.

use std::io::Write;

use clap::{ArgMatches, Command};

use super::{FAILURE, SUCCESS, print};
use crate::app;
use crate::config::{self, Config, Environment};

/// The name of the command.
pub(super) const NAME: &str = "run";

/// Its arguments.
pub(super) fn command() -> Command {
    config::arguments(Command::new(NAME).about("Serve the tunnel until told to stop"))
}

/// Reports every mistake of the configuration, or runs the agent.
pub(super) fn run(matches: &ArgMatches, env: &Environment, err: &mut dyn Write) -> u8 {
    let config = match Config::load(matches, env) {
        Ok(config) => config,
        Err(error) => {
            print(err, &format!("portcullis: {error}"));
            return FAILURE;
        }
    };
    match app::run(&config) {
        Ok(()) => SUCCESS,
        Err(error) => {
            print(err, &format!("portcullis: {error:#}"));
            FAILURE
        }
    }
}
