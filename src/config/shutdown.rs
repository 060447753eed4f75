//! How the agent stops.

use std::time::Duration;

use super::number;
use super::reader::Reader;
use super::table::DRAIN_TIMEOUT;

const LONGEST_DRAIN: Duration = Duration::from_hours(1);

/// Stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shutdown {
    /// How long running calls may finish after a stop signal; longer than zero, at most 1 hour.
    pub drain_timeout: Duration,
}

/// Reads the section, recording every mistake.
pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Shutdown> {
    let drain_timeout = reader.parsed(&DRAIN_TIMEOUT, |text| {
        number::time(text, LONGEST_DRAIN, "1h")
    })?;
    Some(Shutdown { drain_timeout })
}
