//! `portcullis policy explain`: what a policy says to one message, step by step.

use std::time::SystemTime;

use clap::ArgMatches;
use portcullis_policy::{Channel, Moment};

use super::{FAILURE, NO, SUCCESS, Streams, load, path, print, read};

/// Tells each step and the line of the policy that decided it.
pub(super) fn run(matches: &ArgMatches, (out, err): Streams<'_>) -> u8 {
    let named = matches.get_one::<String>("channel").map(String::as_str);
    let channel = match Channel::parse(named.unwrap_or_default()) {
        Ok(channel) => channel,
        Err(error) => {
            print(err, &format!("portcullis: {error}"));
            return FAILURE;
        }
    };
    let file = path(matches, "policy");
    let (Some(policy), Some(call)) = (load(file, err), read(path(matches, "call"), err)) else {
        return FAILURE;
    };
    let now = Moment::after_epoch(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default());
    let explanation = policy.explain(&channel, &call, now);
    for step in &explanation.steps {
        let place = step
            .line
            .map_or_else(String::new, |line| format!("  ({}:{line})", file.display()));
        print(out, &format!("{:<13} {}{place}", step.step, step.found));
    }
    if explanation.is_allowed { SUCCESS } else { NO }
}
