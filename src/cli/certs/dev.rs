//! `portcullis certs dev`: throwaway certificates for development. None made here belongs on an appliance.

use std::path::PathBuf;

use clap::ArgMatches;
use portcullis_certs::dev::{Pki, WriteError, Written};

use super::super::{FAILURE, SUCCESS, print};
use super::Streams;
use super::arguments::{DIR, FORCE};

/// Writes the set and says what is what; nothing that is there is replaced without `--force`.
pub(super) fn run(matches: &ArgMatches, (out, err): Streams<'_>) -> u8 {
    match write(matches) {
        Ok(written) => {
            let lines = written
                .iter()
                .map(|Written { file, purpose }| format!("  {}  {purpose}\n", file.display()));
            let lines: String = lines.collect();
            print(
                out,
                &format!("throwaway certificates for development, valid for 30 days:\n{lines}"),
            );
            SUCCESS
        }
        Err(error) => {
            print(err, &format!("portcullis: {error}"));
            FAILURE
        }
    }
}

fn write(matches: &ArgMatches) -> Result<Vec<Written>, WriteError> {
    let dir = matches.get_one::<PathBuf>(DIR).cloned().unwrap_or_default();
    Pki::new()?.write_to(&dir, matches.get_flag(FORCE))
}
