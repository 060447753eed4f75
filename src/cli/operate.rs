//! `portcullis drop`, `raise`, `quiesce`, `reload` and `log-level`: what an operator can do to a running agent.

use std::io::Write;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::json;

use super::ask::{Place, Question, Reply};
use super::{FAILURE, SUCCESS, print};
use crate::config::{Environment, agent_arguments, agent_socket};

/// The names of the commands.
pub(super) const DROP: &str = "drop";
pub(super) const RAISE: &str = "raise";
pub(super) const QUIESCE: &str = "quiesce";
pub(super) const RELOAD: &str = "reload";
pub(super) const LOG_LEVEL: &str = "log-level";

const REASON: &str = "reason";
const LEVEL: &str = "level";
const FORCE_ROOTS: &str = "force-roots";
const IDENTITY_CHANGE: &str = "allow-identity-change";
const ROLLBACK: &str = "allow-rollback";
/// The agent writes to its disk before it answers, and tries a new certificate before it uses it.
const PATIENCE: Duration = Duration::from_secs(60);

/// The commands and their arguments.
pub(super) fn commands() -> [Command; 5] {
    let reason = Arg::new(REASON).long(REASON).value_name("TEXT");
    let level = Arg::new(LEVEL).value_name("debug|info|warn|error");
    [
        Command::new(DROP)
            .about("Stop polling and refuse every call in flight at once; survives a restart")
            .arg(
                reason
                    .clone()
                    .required(true)
                    .help("Why, for the log, the record and the next operator; at most 500 bytes"),
            ),
        Command::new(RAISE).about("Undo a drop or quiesce"),
        Command::new(QUIESCE)
            .about("Stop polling and let work finish; survives a restart")
            .arg(reason.help("Why; at most 500 bytes")),
        reload_command(),
        Command::new(LOG_LEVEL)
            .about("Change the least important records to log, until the agent stops")
            .arg(level.required(true).help("The level")),
    ]
    .map(agent_arguments)
}

fn reload_command() -> Command {
    let switch = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .action(ArgAction::SetTrue)
            .help(help)
    };
    Command::new(RELOAD)
        .about("Read certificates, keys, roots and secrets again now")
        .arg(switch(
            FORCE_ROOTS,
            "Take a root away although servers that are connected stand under it",
        ))
        .arg(switch(
            IDENTITY_CHANGE,
            "Take a certificate for another name",
        ))
        .arg(switch(
            ROLLBACK,
            "Take a certificate that is older than the one in use",
        ))
}

/// Has every file read again.
pub(super) fn reload(
    matches: &ArgMatches,
    env: &Environment,
    (out, err): (&mut dyn Write, &mut dyn Write),
) -> u8 {
    let body = json!({
        "force_roots": matches.get_flag(FORCE_ROOTS),
        "allow_identity_change": matches.get_flag(IDENTITY_CHANGE),
        "allow_rollback": matches.get_flag(ROLLBACK),
    });
    let body = body.to_string();
    let question = Question {
        method: "POST",
        path: "/reload",
        body: body.as_bytes(),
    };
    told(ask(matches, env, &question), out, err)
}

/// Moves the gate.
pub(super) fn gate(
    action: &'static str,
    matches: &ArgMatches,
    env: &Environment,
    (out, err): (&mut dyn Write, &mut dyn Write),
) -> u8 {
    let reason = matches.try_get_one::<String>(REASON).ok().flatten();
    let body = json!({ "action": action, "reason": reason.map_or("", String::as_str) }).to_string();
    let question = Question {
        method: "POST",
        path: "/gate",
        body: body.as_bytes(),
    };
    told(ask(matches, env, &question), out, err)
}

/// Changes the level of the log.
pub(super) fn log_level(
    matches: &ArgMatches,
    env: &Environment,
    (out, err): (&mut dyn Write, &mut dyn Write),
) -> u8 {
    let level = matches.get_one::<String>(LEVEL).map_or("", String::as_str);
    let body = json!({ "level": level }).to_string();
    let question = Question {
        method: "PUT",
        path: "/log-level",
        body: body.as_bytes(),
    };
    told(ask(matches, env, &question), out, err)
}

/// Asks the agent that the arguments and the environment lead to.
pub(super) fn ask(
    matches: &ArgMatches,
    env: &Environment,
    question: &Question<'_>,
) -> Result<Reply, String> {
    let place = place(matches, env)?;
    place
        .ask(question, PATIENCE)
        .map_err(|error| unreached(&place, &error))
}

/// Where that agent listens.
pub(super) fn place(matches: &ArgMatches, env: &Environment) -> Result<Place, String> {
    let socket = agent_socket(matches, env).map_err(|error| error.to_string())?;
    Ok(Place::Unix(socket))
}

/// What to say when nobody answers.
pub(super) fn unreached(place: &Place, error: &std::io::Error) -> String {
    let at = match place {
        Place::Unix(path) => path.display().to_string(),
        Place::Tcp(address) => address.to_string(),
    };
    format!(
        "no agent answers at `{at}` ({error})\nremedy: check that it runs, name its socket with --socket PATH, and be its user or root"
    )
}

fn told(reply: Result<Reply, String>, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    match reply {
        Ok(reply) if reply.status == 200 => {
            print(out, &reply.body);
            SUCCESS
        }
        Ok(reply) => {
            print(err, &format!("portcullis: {}", reply.body));
            FAILURE
        }
        Err(problem) => {
            print(err, &format!("portcullis: {problem}"));
            FAILURE
        }
    }
}
