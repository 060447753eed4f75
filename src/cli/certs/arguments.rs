//! What `portcullis certs` takes.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, value_parser};

use crate::config;

/// The name of the command.
pub(in crate::cli) const NAME: &str = "certs";

pub(super) const CHECK: &str = "check";
pub(super) const INVENTORY: &str = "inventory";
#[cfg(feature = "demo")]
pub(super) const DEV: &str = "dev";

pub(super) const CERT: &str = "cert";
pub(super) const KEY: &str = "key";
/// A flag of the configuration as well: here it names what is checked.
pub(super) const CA_BUNDLE: &str = "ca-bundle";
pub(super) const ISSUER: &str = "issuer";
pub(super) const CRL: &str = "crl";
pub(super) const STRICT: &str = "strict";
pub(super) const IN_USE_CERT: &str = "in-use-cert";
pub(super) const IN_USE_KEY: &str = "in-use-key";
pub(super) const JSON: &str = "json";
#[cfg(feature = "demo")]
pub(super) const DIR: &str = "dir";
#[cfg(feature = "demo")]
pub(super) const FORCE: &str = "force";

/// Its arguments.
pub(in crate::cli) fn command() -> Command {
    let command = Command::new(NAME)
        .about("Check and list certificates, keys, roots and revocation lists")
        .subcommand_required(true)
        .subcommand(check())
        .subcommand(inventory());
    #[cfg(feature = "demo")]
    let command = command.subcommand(dev());
    command
}

fn check() -> Command {
    let about = "Say what would happen if these files were put in place: those of --cert, --key, --issuer, --crl and --ca-bundle, or without one of these flags those of the configuration";
    config::arguments(Command::new(CHECK).about(about)).args([
        file(CERT, "The certificate chain of an identity").requires(KEY),
        file(KEY, "Its private key").requires(CERT),
        files(
            ISSUER,
            "CA certificates of which one must have issued the identity",
        ),
        files(CRL, "Revocation lists"),
        file(IN_USE_CERT, "The certificate that would be replaced")
            .requires(IN_USE_KEY)
            .requires(CERT),
        file(IN_USE_KEY, "Its private key").requires(IN_USE_CERT),
        switch(STRICT, "Judge these files by the strict profile"),
        switch(JSON, "Answer in JSON"),
    ])
}

fn inventory() -> Command {
    let about = "List every certificate of the configuration, with its expiry and where it is used";
    config::arguments(Command::new(INVENTORY).about(about)).arg(switch(JSON, "Answer in JSON"))
}

#[cfg(feature = "demo")]
fn dev() -> Command {
    let dir = Arg::new(DIR).value_name("DIR").required(true);
    Command::new(DEV)
        .about("Write throwaway certificates for development, valid for 30 days")
        .arg(
            dir.value_parser(value_parser!(PathBuf))
                .help("A directory, made if it is not there"),
        )
        .arg(switch(FORCE, "Replace files that are there"))
}

fn file(name: &'static str, about: &'static str) -> Arg {
    let arg = Arg::new(name).long(name).value_name("FILE").help(about);
    arg.value_parser(value_parser!(PathBuf))
}

fn files(name: &'static str, about: &'static str) -> Arg {
    file(name, about).action(ArgAction::Append)
}

fn switch(name: &'static str, about: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .help(about)
        .action(ArgAction::SetTrue)
}
