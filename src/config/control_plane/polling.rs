//! The poll: its times and its channels.

use std::time::Duration;

use portcullis_policy::Channel;

use super::super::channel;
use super::super::given::{Item, Value};
use super::super::mistake::{Fault, Mistake};
use super::super::number;
use super::super::reader::Reader;
use super::super::table::{POLL_CHANNELS, POLL_GUARDRAIL, POLL_TIMEOUT};

const LONGEST_POLL: Duration = Duration::from_mins(10);
const LONGEST_GUARDRAIL: Duration = Duration::from_nanos(59_999_999_999);

/// How to poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polling {
    /// How long the service may hold one poll.
    pub timeout: Duration,
    /// What is granted beyond that before the poll is given up; the sum is at most 10 minutes.
    pub guardrail: Duration,
    /// The channels to ask for, sorted; `None` asks for all.
    pub channels: Option<Vec<Channel>>,
}

/// Reads the times and channels, recording every mistake.
pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Polling> {
    let timeout = reader.parsed_at(&POLL_TIMEOUT, |text| {
        number::time(text, LONGEST_POLL, "10m")
    });
    let guardrail = reader.parsed(&POLL_GUARDRAIL, |text| {
        number::time(text, LONGEST_GUARDRAIL, "under 1m")
    });
    let channels = read_channels(reader);
    let ((timeout, source), guardrail) = (timeout?, guardrail?);
    if timeout.saturating_add(guardrail) > LONGEST_POLL {
        reader.fault(&POLL_TIMEOUT, &source, over_sum());
    }
    Some(Polling {
        timeout,
        guardrail,
        channels,
    })
}

/// CF-014: the sum is bounded, not only its parts.
fn over_sum() -> Fault {
    Fault::new(
        format!("is over 10m together with {}", POLL_GUARDRAIL.key),
        "shorten one of them",
    )
}

fn read_channels(reader: &mut Reader<'_>) -> Option<Vec<Channel>> {
    let given = reader.given(&POLL_CHANNELS)?;
    let mut channels = Vec::new();
    if given.items.is_empty() {
        let fault = Fault::new(
            "is an empty list",
            "name a channel, or leave the setting out to poll all",
        );
        reader.fault(&POLL_CHANNELS, &given.source, fault);
    }
    for item in given.items {
        match channel(&item, &channels) {
            Ok(name) => channels.push(name),
            Err(fault) => reader.push(Mistake::new(
                POLL_CHANNELS.key,
                item.source,
                fault.problem,
                fault.remedy,
            )),
        }
    }
    channels.sort();
    Some(channels)
}

fn channel(item: &Item, known: &[Channel]) -> Result<Channel, Fault> {
    let text = match &item.value {
        Value::Text(text) => text.trim(),
        Value::Fields(_) => "",
    };
    let name = channel::canonical(text).map_err(|fault| {
        Fault::new(format!("has an entry that {}", fault.problem), fault.remedy)
    })?;
    if known.contains(&name) {
        return Err(Fault::new("names a channel twice", "keep one of them"));
    }
    Ok(name)
}
