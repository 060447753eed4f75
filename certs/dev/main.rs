//! `portcullis-dev-pki DIRECTORY [--force]`: writes a throwaway PKI for development and says what is what.
//!
//! Promises: nothing that is there is replaced without `--force`; keys are readable by their owner only.
//! Leaves to others: everything but development. No certificate made here belongs on an appliance.

use std::{
    env,
    ffi::OsString,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use portcullis_certs::dev::{Pki, Written};

const USAGE: &str = "usage: portcullis-dev-pki DIRECTORY [--force]";

fn main() -> ExitCode {
    match run(env::args_os().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Nobody is left to tell if this fails.
            let _ = writeln!(io::stderr(), "{message}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut arguments: Vec<OsString>) -> Result<(), String> {
    let before = arguments.len();
    arguments.retain(|argument| argument != "--force");
    let force = arguments.len() < before;
    let [directory] = arguments.as_slice() else {
        return Err(USAGE.to_owned());
    };
    if directory.is_empty() || directory.as_encoded_bytes().starts_with(b"-") {
        return Err(USAGE.to_owned());
    }
    let pki = Pki::new().map_err(|error| error.to_string())?;
    let written = pki
        .write_to(&PathBuf::from(directory), force)
        .map_err(|error| error.to_string())?;
    report(&written).map_err(|error| format!("cannot write to standard output: {error}"))
}

fn report(written: &[Written]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "throwaway certificates for development, valid for 30 days:"
    )?;
    for Written { file, purpose } in written {
        writeln!(out, "  {}  {purpose}", file.display())?;
    }
    Ok(())
}
