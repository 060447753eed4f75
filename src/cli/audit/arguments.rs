//! What `portcullis audit` takes.

use clap::{Arg, ArgAction, Command};

/// The name of the command.
pub(in crate::cli) const NAME: &str = "audit";

/// Where the packages keep the log.
pub(super) const DEFAULT_DIR: &str = "/var/lib/portcullis/audit";

/// Its arguments.
pub(in crate::cli) fn command() -> Command {
    let named = |name, about| Command::new(name).about(about).arg(dir());
    Command::new(NAME)
        .about("Verify, search and prove the audit log")
        .subcommand_required(true)
        .subcommand(
            named(
                "verify",
                "Name the first record that was altered, or say that none was",
            )
            .arg(key())
            .arg(value(
                "checkpoint",
                "FILE",
                "A checkpoint that was exported earlier",
            ))
            .arg(switch(
                "partial",
                "Accept that the first segments are kept elsewhere",
            )),
        )
        .subcommand(
            named(
                "query",
                "Print the records that match, one JSON object a line",
            )
            .args(filters()),
        )
        .subcommand(
            named(
                "prove",
                "Print a proof of one record that needs no log to be checked",
            )
            .arg(key())
            .arg(
                value(
                    "record",
                    "INDEX|ID",
                    "The record: its index, or a correlation id",
                )
                .required(true),
            ),
        )
        .subcommand(
            Command::new("verify-proof")
                .about("Check a proof and print its record")
                .arg(Arg::new("proof").value_name("FILE").required(true))
                .arg(key().required(true)),
        )
        .subcommand(
            named(
                "checkpoint",
                "Print the newest signed checkpoint, to keep elsewhere",
            )
            .arg(key()),
        )
        .subcommand(named(
            "new-key",
            "Change the signing key while the agent is stopped; prints the new verifier key",
        ))
}

fn dir() -> Arg {
    Arg::new("dir")
        .value_name("DIR")
        .help("The folder of the log")
        .default_value(DEFAULT_DIR)
}

fn key() -> Arg {
    value(
        "key",
        "KEY",
        "The verifier key or a file with it, kept elsewhere; without it the one beside the log is believed",
    )
}

fn value(name: &'static str, value: &'static str, about: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(about)
}

fn switch(name: &'static str, about: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .help(about)
        .action(ArgAction::SetTrue)
}

fn filters() -> [Arg; 8] {
    [
        value("since", "TIME", "Not before this RFC 3339 time"),
        value("until", "TIME", "Before this RFC 3339 time"),
        value("channel", "NAME", "Of this channel"),
        value("method", "NAME", "Of this method"),
        value("selector", "NAME", "Of this tool"),
        value("verdict", "WORD", "With this verdict"),
        value("reason", "WORD", "With this reason"),
        value("id", "ID", "With this correlation id"),
    ]
}
