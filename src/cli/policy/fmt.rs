//! `portcullis policy fmt`: the one layout.

use clap::ArgMatches;
use portcullis_policy::document::layout;

use super::replace::replace;
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
    match replace(file, laid.as_bytes()) {
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
