//! The command line of the settings, made from the tables.
//!
//! Promises: every setting has its flag, the older spelling of the reference client works where it had one, and settings without effect are
//! recognised so that they can be judged instead of being "unknown".
//! Leaves to others: what the values mean. Clap checks no value, so it cannot print one.

use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::mistake::{Mistake, Notice, Source};
use super::retired;
use super::table::{self, CONFIG_FILE, Kind, Setting};

/// Adds every configuration flag to `command`.
pub fn arguments(command: Command) -> Command {
    let shown = std::iter::once(&CONFIG_FILE).chain(table::all());
    let command = shown.fold(command, one);
    let names = retired::ALL.iter().flat_map(|retired| retired.flags);
    command.args(names.map(|name| without_effect(name)))
}

/// Adds the flags of these settings only.
pub(crate) fn some(command: Command, settings: &[&'static Setting]) -> Command {
    settings.iter().copied().fold(command, one)
}

fn one(command: Command, setting: &'static Setting) -> Command {
    let aliases = setting.alias.into_iter();
    let aliases = aliases.map(|alias| hidden(setting, alias));
    command.arg(visible(setting)).args(aliases)
}

fn visible(setting: &'static Setting) -> Arg {
    bare(setting.flag)
        .value_name(setting.value_name)
        .help(help(setting))
}

fn hidden(setting: &'static Setting, alias: &'static str) -> Arg {
    bare(alias).value_name(setting.value_name).hide(true)
}

fn bare(name: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .action(ArgAction::Append)
        .value_parser(value_parser!(OsString))
}

/// A switch of the reference client may stand alone or have `=value`; a flag with a value may also have it as the next word.
fn without_effect(name: &'static str) -> Arg {
    bare(name)
        .hide(true)
        .num_args(0..=1)
        .default_missing_value("true")
}

fn help(setting: &Setting) -> String {
    let default = match setting.default {
        Some(default) if !default.is_empty() => format!(", default {default}"),
        Some(_) | None => String::new(),
    };
    format!("{} [{}{default}]", setting.help, setting.env)
}

/// The words given for a setting and the flag they were given with. The dotted spelling wins over the older one.
pub(crate) fn given(matches: &ArgMatches, setting: &Setting) -> Option<(Source, Vec<OsString>)> {
    let names = std::iter::once(setting.flag).chain(setting.alias);
    names
        .into_iter()
        .find_map(|name| Some((source(name), words(matches, name)?)))
}

/// Whether a flag of this shape may be repeated.
pub(crate) fn repeats(kind: Kind) -> bool {
    match kind {
        Kind::Single(_) => false,
        Kind::List | Kind::Headers | Kind::Bindings => true,
    }
}

/// Judges the flags without effect.
pub(crate) fn without_effect_given(matches: &ArgMatches) -> Vec<Result<Notice, Mistake>> {
    let flags = retired::ALL
        .iter()
        .flat_map(|retired| retired.flags.iter().map(move |name| (retired, *name)));
    flags
        .filter_map(|(retired, name)| Some((retired, name, words(matches, name)?)))
        .flat_map(|(retired, name, words)| {
            words
                .into_iter()
                .map(move |word| retired.judge(source(name), word.to_str().unwrap_or("\u{fffd}")))
        })
        .collect()
}

fn source(name: &str) -> Source {
    Source::Flag(format!("--{name}"))
}

fn words(matches: &ArgMatches, name: &str) -> Option<Vec<OsString>> {
    Some(matches.get_many::<OsString>(name)?.cloned().collect())
}
