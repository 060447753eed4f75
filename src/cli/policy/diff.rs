//! `portcullis policy diff`: what changes between two policies, and which way.

use clap::ArgMatches;
use portcullis_policy::Direction;

use super::talk::tell_changes;
use super::{FAILURE, LOOSER, NO, SUCCESS, Streams, load, path};

/// Tells every change; the exit code tells the way of all of them together.
pub(super) fn run(matches: &ArgMatches, (out, err): Streams<'_>) -> u8 {
    let (old, new) = (
        load(path(matches, "old"), err),
        load(path(matches, "new"), err),
    );
    let (Some(old), Some(new)) = (old, new) else {
        return FAILURE;
    };
    match tell_changes(&old, &new, out) {
        Direction::Neutral => SUCCESS,
        Direction::Tighter => NO,
        Direction::Looser => LOOSER,
    }
}
