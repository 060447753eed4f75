//! `portcullis policy fmt`: the one layout.

use std::path::Path;
use std::{fs, io};

use clap::ArgMatches;
use portcullis_policy::document::layout;

use super::{FAILURE, NO, SUCCESS, Streams, check, path, print, read};

/// Lays a file out, or tells whether it is.
pub(super) fn run(matches: &ArgMatches, (out, err): Streams<'_>) -> u8 {
    let file = path(matches, "policy");
    let Some(bytes) = read(file, err) else {
        return FAILURE;
    };
    let laid = match layout(&bytes) {
        Ok(laid) => laid,
        Err(mistakes) => {
            for mistake in &mistakes {
                print(err, &check::excerpt(file, &bytes, "error", mistake));
            }
            return FAILURE;
        }
    };
    if laid.as_bytes() == bytes {
        return SUCCESS;
    }
    if matches.get_flag("check") {
        print(
            out,
            &format!(
                "{}: `portcullis policy fmt` would change the layout",
                file.display()
            ),
        );
        return NO;
    }
    match replace(file, &laid) {
        Ok(()) => SUCCESS,
        Err(error) => {
            print(
                err,
                &format!("portcullis: cannot write `{}`: {error}", file.display()),
            );
            FAILURE
        }
    }
}

/// Replaces a file whole, with its permissions: an agent that watches it sees the old text or the new one.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let file = &fs::canonicalize(file)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let beside = file.with_file_name(format!(".{name}.fmt"));
    fs::write(&beside, text)?;
    fs::set_permissions(&beside, fs::metadata(file)?.permissions())?;
    fs::rename(&beside, file)
}
