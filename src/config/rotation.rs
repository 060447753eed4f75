//! How certificates, roots and secrets are taken up while the agent runs.

use std::time::Duration;

use super::number;
use super::reader::Reader;
use super::switch;
use super::table::{ROTATION_DEBOUNCE, ROTATION_TRIAL, ROTATION_WATCH};

const LONGEST_DEBOUNCE: Duration = Duration::from_secs(10);

/// Taking up what changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// How long files must be quiet before they are read again; longer than zero, at most 10 s.
    pub debounce: Duration,
    /// Whether changes are followed as they happen, and not only found once a minute.
    pub watch: bool,
    /// Whether a new identity is tried at the control plane before it is used.
    pub canary: bool,
}

/// Reads the section, recording every mistake.
pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Rotation> {
    let debounce = reader.parsed(&ROTATION_DEBOUNCE, |text| {
        number::time(text, LONGEST_DEBOUNCE, "10s")
    });
    let watch = reader.parsed(&ROTATION_WATCH, switch::parse);
    let canary = reader.parsed(&ROTATION_TRIAL, switch::parse);
    Some(Rotation {
        debounce: debounce?,
        watch: watch?,
        canary: canary?,
    })
}
