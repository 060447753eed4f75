//! `portcullis status`: how a running agent stands.

mod shown;

use std::io::Write;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::Value;

use super::ask::Question;
use super::{FAILURE, SUCCESS, operate, print};
use crate::config::{Environment, agent_arguments};

/// The name of the command.
pub(super) const NAME: &str = "status";

const JSON: &str = "json";
const WATCH: &str = "watch";
/// While it watches, the agent sends a line at least every 5 s.
const SILENCE: Duration = Duration::from_secs(15);

/// Its arguments.
pub(super) fn command() -> Command {
    let switch = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    let command = Command::new(NAME)
        .about("Show how the running agent stands")
        .arg(switch(JSON).help("One JSON value, a line each"))
        .arg(
            switch(WATCH)
                .help("Again at each change and at least every 5 s, until the agent stops"),
        );
    agent_arguments(command)
}

/// Shows the status once, or until the agent stops.
pub(super) fn run(
    matches: &ArgMatches,
    env: &Environment,
    (out, err): (&mut dyn Write, &mut dyn Write),
) -> u8 {
    let as_json = matches.get_flag(JSON);
    let ended = if matches.get_flag(WATCH) {
        watch(matches, env, as_json, out)
    } else {
        operate::ask(matches, env, &question("/status"))
            .map(|reply| show(&reply.body, as_json, out))
    };
    match ended {
        Ok(()) => SUCCESS,
        Err(problem) => {
            print(err, &format!("portcullis: {problem}"));
            FAILURE
        }
    }
}

fn watch(
    matches: &ArgMatches,
    env: &Environment,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<(), String> {
    let place = operate::place(matches, env)?;
    let listened = place.listen(&question("/status/watch"), SILENCE, |line| {
        show(line, as_json, out);
        true
    });
    listened
        .map(|_| ())
        .map_err(|error| operate::unreached(&place, &error))
}

const fn question(path: &'static str) -> Question<'static> {
    Question {
        method: "GET",
        path,
        body: b"",
    }
}

fn show(text: &str, as_json: bool, out: &mut dyn Write) {
    match serde_json::from_str::<Value>(text) {
        Ok(status) if !as_json => print(out, &shown::status(&status)),
        Ok(_) | Err(_) => print(out, text),
    }
}
