//! `portcullis health`: the probe of an orchestrator without curl. Exit code 0 for healthy, 2 for not, 1 for a mistake in the arguments.

mod checks;
mod process;

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command, value_parser};

use self::checks::Checks;
use self::process::Asked;
use super::ask::Place;
use super::{FAILURE, SUCCESS, print};
use crate::config::parse_duration;

/// The name of the command.
pub(super) const NAME: &str = "health";

const UNHEALTHY: u8 = 2;
const URL: &str = "url";
const URL_FILE: &str = "url-file";
const PORT: &str = "port";
const UNIX_SOCKET: &str = "unix-socket";
const PID: &str = "pid";
const PID_FILE: &str = "pid-file";
const MAX_POLL_AGE: &str = "max-poll-age";
const EVER_POLLED: &str = "require-control-plane-poll";
const JSON: &str = "json";

/// Its arguments.
pub(super) fn command() -> Command {
    let option = |name: &'static str| Arg::new(name).long(name);
    let place = [URL, URL_FILE, PORT, UNIX_SOCKET];
    Command::new(NAME)
        .about("Ask a running agent whether it is live and ready; exit code 0 for yes, 2 for no")
        .arg(
            option(URL)
                .value_name("URL")
                .help("http://HOST:PORT or http+unix://BASE64URL"),
        )
        .arg(
            option(URL_FILE)
                .value_name("PATH")
                .value_parser(value_parser!(PathBuf))
                .help("The agent's url-file"),
        )
        .arg(
            option(PORT)
                .value_name("PORT")
                .value_parser(value_parser!(u16))
                .help("A port of loopback"),
        )
        .arg(
            option(UNIX_SOCKET)
                .value_name("PATH")
                .value_parser(value_parser!(PathBuf))
                .help("The agent's health socket"),
        )
        .group(ArgGroup::new("place").args(place).required(true))
        .args(process_arguments())
        .arg(
            option(MAX_POLL_AGE)
                .value_name("DURATION")
                .help("The last answered poll may be this old, such as 90s"),
        )
        .arg(
            option(EVER_POLLED)
                .action(ArgAction::SetTrue)
                .help("Some poll must have been answered"),
        )
        .arg(
            option(JSON)
                .action(ArgAction::SetTrue)
                .help("Say it as JSON"),
        )
}

fn process_arguments() -> [Arg; 2] {
    [
        Arg::new(PID)
            .long(PID)
            .value_name("ID")
            .value_parser(value_parser!(u32).range(1..))
            .conflicts_with(PID_FILE)
            .help("The process of this id must run"),
        Arg::new(PID_FILE)
            .long(PID_FILE)
            .value_name("PATH")
            .value_parser(value_parser!(PathBuf))
            .help("The process whose id is in this file must run"),
    ]
}

/// Asks, says what came back, and turns it into the exit code.
pub(super) fn run(matches: &ArgMatches, (out, err): (&mut dyn Write, &mut dyn Write)) -> u8 {
    let given = place(matches).and_then(|place| Ok((place, polls(matches)?)));
    let (place, polls) = match given {
        Ok(given) => given,
        Err(problem) => {
            print(err, &format!("portcullis: {problem}"));
            return FAILURE;
        }
    };
    let checks = Checks::make(&place, polls, process(matches));
    if matches.get_flag(JSON) {
        print(out, &checks.json());
    } else {
        print(out, &checks.text());
    }
    if checks.passed() { SUCCESS } else { UNHEALTHY }
}

fn place(matches: &ArgMatches) -> Result<Place, String> {
    let path = |name| matches.get_one::<PathBuf>(name);
    if let Some(socket) = path(UNIX_SOCKET) {
        return Ok(Place::Unix(socket.clone()));
    }
    if let Some(port) = matches.get_one::<u16>(PORT) {
        return Ok(Place::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, *port))));
    }
    let url = match path(URL_FILE) {
        Some(file) => std::fs::read_to_string(file).map_err(|error| {
            format!("the url-file `{}` cannot be read ({error})", file.display())
        })?,
        None => matches.get_one::<String>(URL).cloned().unwrap_or_default(),
    };
    Place::parse(&url).ok_or_else(|| {
        "the URL is not http://HOST:PORT or http+unix://BASE64URL of a host that is known"
            .to_owned()
    })
}

fn process(matches: &ArgMatches) -> Option<Asked> {
    let file = matches.get_one::<PathBuf>(PID_FILE);
    let id = matches.get_one::<u32>(PID);
    file.cloned()
        .map(Asked::File)
        .or_else(|| id.copied().map(Asked::Id))
}

fn polls(matches: &ArgMatches) -> Result<checks::Polls, String> {
    let age = match matches.get_one::<String>(MAX_POLL_AGE) {
        Some(text) => Some(
            parse_duration(text)
                .map_err(|fault| format!("the value of --max-poll-age {}", fault.problem))?,
        ),
        None => None,
    };
    Ok(match age {
        Some(age) => checks::Polls::Within(age),
        None if matches.get_flag(EVER_POLLED) => checks::Polls::Ever,
        None => checks::Polls::NotAsked,
    })
}
