//! The arguments of `portcullis policy`.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, value_parser};

use super::init::OUTPUT;
use super::live;
use crate::config::agent_arguments;

/// How long a policy may be on trial.
pub(super) const WITHIN: &str = "confirm-within";
/// The name of the command, and of its tools.
pub(in crate::cli) const NAME: &str = "policy";
pub(super) const CHECK: &str = "check";
pub(super) const TEST: &str = "test";
pub(super) const EXPLAIN: &str = "explain";
pub(super) const DIFF: &str = "diff";
pub(super) const FMT: &str = "fmt";
pub(super) const INIT: &str = "init";
pub(super) const PINS: &str = "pins";
pub(super) const EDIT: &str = "edit";
pub(super) const APPLY: &str = "apply";
pub(super) const SCHEMA: &str = "schema";

/// Its arguments.
pub(in crate::cli) fn command() -> Command {
    Command::new(NAME)
        .about("Tools for the policy file")
        .subcommand_required(true)
        .subcommand(
            Command::new("default").about("Print a policy that refuses everything, with comments, to start from"),
        )
        .subcommand(
            Command::new(CHECK)
                .about("Tell every mistake and warning of a policy: exit 0 if it would be loaded, 1 if not")
                .arg(file("policy", "The policy file"))
                .arg(flag("json", "Print one JSON object")),
        )
        .subcommand(
            Command::new(TEST)
                .about("Run the tests inside a policy: exit 0 if it would be loaded, 1 if not")
                .arg(file("policy", "The policy file")),
        )
        .subcommand(explain())
        .subcommand(
            Command::new(DIFF)
                .about("Tell what changes between two policies: exit 0 if nothing does, 2 if less is allowed, 3 if more may be")
                .arg(file("old", "The policy before"))
                .arg(file("new", "The policy after")),
        )
        .subcommand(
            Command::new(FMT)
                .about("Lay a policy out in the one layout; only white space changes")
                .arg(file("policy", "The policy file"))
                .arg(flag("check", "Write nothing: exit 2 if the layout would change")),
        )
        .subcommand(
            Command::new(EDIT)
                .about("Edit a policy with $VISUAL or $EDITOR: checked, its changes shown, and put in place whole: exit 0 if it is in place, 2 if it was left as it was")
                .arg(policy_file(Arg::new("policy"))),
        )
        .subcommand(apply())
        .subcommand(init())
        .subcommand(live::arguments(
            Command::new(PINS)
                .about("Hold the pins of a policy against a live server and print an edit for review: exit 0 if all are as pinned, 2 if a definition changed or is missing, 3 if a tool is not pinned")
                .arg(file("policy", "The policy file")),
        ))
        .subcommand(Command::new(SCHEMA).about("Print a JSON Schema of the language, for editors"))
}

fn init() -> Command {
    let about = "Ask a live server what it offers, and write a policy that refuses everything with all of it ready to be uncommented: types, bounds and pins";
    let output = Arg::new(OUTPUT)
        .short('o')
        .long(OUTPUT)
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .help("Where to write it, never over a file that exists; standard output if not given");
    live::arguments(Command::new(INIT).about(about)).arg(output)
}

fn explain() -> Command {
    Command::new(EXPLAIN)
        .about(
            "Tell step by step what a policy says to one message: exit 0 if it may cross, 2 if not",
        )
        .arg(file("call", "A file with one JSON-RPC message of a caller"))
        .arg(policy_file(Arg::new("policy").long("policy")))
        .arg(
            Arg::new("channel")
                .long("channel")
                .default_value("main")
                .help("The channel the message names"),
        )
}

fn apply() -> Command {
    let about = "Have the running agent decide by another policy for a time, and keep it only when you confirm: exit 0 if it is kept, 2 if the policy file decides again";
    let within = Arg::new(WITHIN)
        .long(WITHIN)
        .value_name("DURATION")
        .default_value("5m")
        .value_parser(seconds)
        .help("How long to wait for the confirmation, such as 90s, 5m or 1h; then the agent goes back by itself");
    agent_arguments(
        Command::new(APPLY)
            .about(about)
            .arg(file("new", "The policy to try"))
            .arg(within),
    )
}

/// Seconds, from a number and a unit.
fn seconds(text: &str) -> Result<u64, String> {
    let (number, factor) = match text.split_at_checked(text.len().saturating_sub(1)) {
        Some((number, "s")) => (number, 1),
        Some((number, "m")) => (number, 60),
        Some((number, "h")) => (number, 3600),
        Some(_) | None => ("", 0),
    };
    let number: Option<u64> = number.parse().ok();
    let seconds = number.and_then(|number| number.checked_mul(factor));
    seconds.ok_or_else(|| "write a whole number and its unit: s, m or h, such as 5m".to_owned())
}

fn policy_file(arg: Arg) -> Arg {
    arg.value_name("FILE")
        .default_value("/etc/portcullis/policy.toml")
        .value_parser(value_parser!(PathBuf))
        .help("The policy file")
}

fn file(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .required(true)
        .value_parser(value_parser!(PathBuf))
        .help(help)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .action(ArgAction::SetTrue)
        .help(help)
}
