//! `portcullis policy diff`: what changes between two policies, and which way.

use clap::ArgMatches;
use portcullis_policy::Direction;
use portcullis_policy::document::{diff, direction};

use super::{FAILURE, LOOSER, NO, SUCCESS, Streams, load, path, print};

/// Tells every change; the exit code tells the way of all of them together.
pub(super) fn run(matches: &ArgMatches, (out, err): Streams<'_>) -> u8 {
    let (old, new) = (
        load(path(matches, "old"), err),
        load(path(matches, "new"), err),
    );
    let (Some(old), Some(new)) = (old, new) else {
        return FAILURE;
    };
    let changes = diff(&old, &new);
    for change in &changes {
        print(
            out,
            &format!(
                "{:<7}  {}: {}",
                change.direction.label(),
                change.place,
                change.what
            ),
        );
    }
    let together = direction(&changes);
    print(out, &format!("together: {}", together.label()));
    match together {
        Direction::Neutral => SUCCESS,
        Direction::Tighter => NO,
        Direction::Looser => LOOSER,
    }
}
