//! `portcullis demo`: see the main job done, or call through it yourself.

use std::{io::Write, path::PathBuf};

use anyhow::{Context as _, bail};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::{FAILURE, SUCCESS, print};
use crate::demo::{Plan, Upstream, policy::Choice, scene, serve};

/// The name of the command.
pub(super) const NAME: &str = "demo";

const SERVE: &str = "serve";
const LISTEN: &str = "listen";
const UPSTREAM: &str = "upstream";
const POLICY: &str = "policy";
const ALLOW_TOOL: &str = "allow-tool";

/// Its arguments.
pub(super) fn command() -> Command {
    let with_serve = |name: &'static str| Arg::new(name).long(name).requires(SERVE);
    Command::new(NAME)
        .about("Play the whole path on this machine, or keep it up for your own MCP client")
        .arg(
            Arg::new(SERVE)
                .long(SERVE)
                .action(ArgAction::SetTrue)
                .help("Stay up and open an MCP endpoint on loopback"),
        )
        .arg(
            with_serve(LISTEN)
                .value_name("PORT")
                .value_parser(port)
                .default_value("0")
                .help("Port of the endpoint; 0 takes a free one"),
        )
        .arg(
            with_serve(UPSTREAM)
                .value_name("URL")
                .help("Your own MCP server in place of the built-in one"),
        )
        .arg(
            with_serve(POLICY)
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .conflicts_with(ALLOW_TOOL)
                .help("Your own policy"),
        )
        .arg(
            with_serve(ALLOW_TOOL)
                .value_name("NAME")
                .action(ArgAction::Append)
                .help("Allow this tool, repeatable; in place of a policy"),
        )
}

/// Plays the scene, or serves until told to stop.
pub(super) fn run(matches: &ArgMatches, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    match start(matches, out) {
        Ok(()) => SUCCESS,
        Err(error) => {
            print(err, &format!("portcullis: demo: {error:#}"));
            FAILURE
        }
    }
}

fn start(matches: &ArgMatches, out: &mut dyn Write) -> anyhow::Result<()> {
    let program = std::env::current_exe().context("cannot find the program itself")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    if !matches.get_flag(SERVE) {
        return runtime.block_on(scene::play(program, out));
    }
    let upstream = matches
        .get_one::<String>(UPSTREAM)
        .cloned()
        .map_or(Upstream::BuiltIn, Upstream::Url);
    let policy = policy(matches, &upstream)?;
    let port = matches.get_one(LISTEN).copied().unwrap_or_default();
    let plan = Plan {
        upstream,
        policy,
        ..Plan::new(program)
    };
    runtime.block_on(serve::serve(&plan, port, out))
}

/// A policy that lists nothing lets nothing through, so a server of the user's own needs one of theirs.
fn policy(matches: &ArgMatches, upstream: &Upstream) -> anyhow::Result<Choice> {
    let file = matches.get_one::<PathBuf>(POLICY).cloned();
    let tools = matches
        .get_many::<String>(ALLOW_TOOL)
        .map(|tools| tools.cloned().collect());
    Ok(match (file, tools, upstream) {
        (Some(file), _, _) => Choice::File(file),
        (None, Some(tools), _) => Choice::Tools(tools),
        (None, None, Upstream::BuiltIn) => Choice::Demo,
        (None, None, Upstream::Url(_)) => bail!(
            "nothing would be let through to your server: name its tools with `--allow-tool NAME`, repeatable, or give `--policy FILE`"
        ),
    })
}

/// `PORT`, or `127.0.0.1:PORT` as other programs write it.
fn port(text: &str) -> Result<u16, &'static str> {
    let digits = ["127.0.0.1:", "localhost:"]
        .iter()
        .find_map(|host| text.strip_prefix(host))
        .unwrap_or(text);
    digits.parse().map_err(|_| "is no port of the loopback")
}
