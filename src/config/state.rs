//! What outlives a restart, and the operator's socket.
//!
//! Leaves to others: whether the directory can be used (`app`).

use std::path::PathBuf;

use clap::{ArgMatches, Command};

use super::env::Environment;
use super::flags;
use super::mistake::{ConfigError, Source};
use super::paths::{self, ConfiguredPath};
use super::reader::Reader;
use super::sources::Sources;
use super::table::{ADMIN_SOCKET, CONFIG_FILE, STATE_DIR};

/// Where state is kept when nothing says otherwise.
const DEFAULT_DIR: &str = "/var/lib/portcullis";
/// What a service manager says about it: paths with colons between.
const GIVEN_DIRS: &str = "STATE_DIRECTORY";

/// The directory and the socket.
#[derive(Clone, Debug)]
pub struct State {
    /// Everything that outlives a restart is in here.
    pub dir: ConfiguredPath,
    /// The operator's socket.
    pub socket: ConfiguredPath,
}

/// Reads the section, recording every mistake.
pub(crate) fn read(reader: &mut Reader<'_>) -> Option<State> {
    let given = |reader: &Reader<'_>, setting| !matches!(reader.sources().find(setting), Ok(None));
    let dir = if given(reader, &STATE_DIR) {
        paths::read(reader, &STATE_DIR)
    } else {
        Some(default_dir(reader.sources().env()))
    };
    let socket = if given(reader, &ADMIN_SOCKET) {
        paths::read(reader, &ADMIN_SOCKET)
    } else {
        dir.as_ref().map(|dir| {
            let path = dir.path().join("admin.sock");
            ConfiguredPath::new(path, ADMIN_SOCKET.key, Source::Default)
        })
    };
    Some(State {
        dir: dir?,
        socket: socket?,
    })
}

/// The flags by which a command finds the running agent.
pub fn agent_arguments(command: Command) -> Command {
    flags::some(command, &[&CONFIG_FILE, &STATE_DIR, &ADMIN_SOCKET])
}

/// Where the running agent's socket is, by those flags, the environment and the file they name.
///
/// # Errors
/// Every mistake in one of these settings; the rest of the file is not looked at.
pub fn agent_socket(matches: &ArgMatches, env: &Environment) -> Result<PathBuf, ConfigError> {
    let mut reader = Reader::new(Sources::open(matches, env));
    let unreadable = reader.sources().file_is_unreadable();
    let state = read(&mut reader);
    let (mut mistakes, _) = reader.finish();
    let ours = [STATE_DIR.key, ADMIN_SOCKET.key, CONFIG_FILE.key];
    mistakes.retain(|mistake| unreadable || ours.contains(&mistake.setting()));
    match state {
        Some(state) if mistakes.is_empty() => Ok(state.socket.path().to_owned()),
        _ => Err(ConfigError { mistakes }),
    }
}

fn default_dir(env: &Environment) -> ConfiguredPath {
    let given = env.get(GIVEN_DIRS).and_then(|dirs| dirs.into_string().ok());
    let first = given
        .as_deref()
        .and_then(|dirs| dirs.split(':').find(|dir| !dir.is_empty()));
    match first {
        Some(dir) => ConfiguredPath::new(
            dir,
            STATE_DIR.key,
            Source::Environment(GIVEN_DIRS.to_owned()),
        ),
        None => ConfiguredPath::new(DEFAULT_DIR, STATE_DIR.key, Source::Default),
    }
}
