//! What to say about a command line that cannot be read.
//!
//! Promises: clap's own message is not used, because it repeats what was typed, and that may be a key in a wrong place. A flag is repeated only
//! if it is made of lower-case letters, dots and dashes.

use clap::error::{ContextKind, ContextValue, ErrorKind};

const LONGEST_FLAG: usize = 48;

/// One or two lines without a value of the operator.
pub(super) fn explain(error: &clap::Error) -> String {
    format!(
        "portcullis: {}\nremedy: see `portcullis --help` and `portcullis run --help`",
        problem(error)
    )
}

fn problem(error: &clap::Error) -> String {
    let flag = text(error, ContextKind::InvalidArg).and_then(harmless_flag);
    match (error.kind(), flag) {
        (ErrorKind::InvalidSubcommand, _) => "there is no such command".to_owned(),
        (ErrorKind::InvalidValue | ErrorKind::NoEquals, Some(flag)) => {
            format!("the flag `{flag}` has no value")
        }
        (ErrorKind::UnknownArgument, Some(flag)) => match text(error, ContextKind::SuggestedArg) {
            Some(similar) => format!("there is no flag `{flag}`; did you mean `{similar}`?"),
            None => format!("there is no flag `{flag}`"),
        },
        (_, _) => "an argument is not a flag of this command, or lacks its value".to_owned(),
    }
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text),
        _ => None,
    }
}

/// The flag without its value and placeholder, if it cannot hold a secret.
fn harmless_flag(typed: &str) -> Option<&str> {
    let flag = typed.split(['=', ' ']).next()?;
    let name = flag.strip_prefix("--")?;
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b == b'-' || b == b'.');
    (plain && name.len() <= LONGEST_FLAG).then_some(flag)
}
