//! `portcullis policy init`: a policy that refuses everything, with what a live server offers ready to be uncommented.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::ArgMatches;

use super::live::{self, Live};
use super::{FAILURE, SUCCESS, Streams, print};
use crate::config::Environment;

mod derived;
mod draft;
mod words;

pub(super) use words::shown;

/// Where the file goes; standard output if it is not named.
pub(super) const OUTPUT: &str = "output";

/// Asks the server and writes the file.
pub(super) fn run(matches: &ArgMatches, env: &Environment, (out, err): Streams<'_>) -> u8 {
    let output = matches.get_one::<PathBuf>(OUTPUT);
    if let Some(path) = output.filter(|path| path.exists()) {
        return complain(path, "it exists, and is not overwritten", err);
    }
    let Some(live) = live::survey(matches, env, err) else {
        return FAILURE;
    };
    let text = written(&live);
    match output {
        None => print(out, &text),
        Some(path) => {
            let mut options = OpenOptions::new();
            let created = options.write(true).create_new(true).open(path);
            let done = created.and_then(|mut file| file.write_all(text.as_bytes()));
            if let Err(error) = done {
                return complain(path, &error.to_string(), err);
            }
        }
    }
    SUCCESS
}

fn written(live: &Live) -> String {
    draft::Draft::of(live).settled().text()
}

fn complain(path: &Path, why: &str, err: &mut dyn Write) -> u8 {
    print(
        err,
        &format!("portcullis: cannot write `{}`: {why}", path.display()),
    );
    FAILURE
}
