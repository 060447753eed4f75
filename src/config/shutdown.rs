//! How the agent stops.

use std::time::Duration;

use super::control_plane::Polling;
use super::mistake::{Notice, Source};
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

/// Reads the section, recording every mistake. A drain that may cut the open poll is allowed, and told.
pub(crate) fn read(reader: &mut Reader<'_>, polling: Option<&Polling>) -> Option<Shutdown> {
    let (drain_timeout, source) = reader.parsed_at(&DRAIN_TIMEOUT, |text| {
        number::time(text, LONGEST_DRAIN, "1h")
    })?;
    let poll = polling.map(|polling| polling.timeout.saturating_add(polling.guardrail));
    if let Some(poll) = poll.filter(|poll| drain_timeout < *poll) {
        reader.notice(cuts_a_poll(source, poll));
    }
    Some(Shutdown { drain_timeout })
}

fn cuts_a_poll(source: Source, poll: Duration) -> Notice {
    Notice {
        setting: DRAIN_TIMEOUT.key.to_owned(),
        source,
        note: format!(
            "is shorter than a poll may take ({} s): a stop may cut the open poll and lose the commands it still brings",
            poll.as_secs_f64()
        ),
    }
}
