//! What the operator and the policy say about the log.

use std::path::PathBuf;
use std::time::Duration;

use super::stamp::Clock;

/// Where the log lives and how it is kept.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder of the log, `<state>/audit`. Made with mode 0700 when it is missing.
    pub dir: PathBuf,
    /// The name of the log in its checkpoints: no spaces, no `+`. `portcullis/<tunnel id>` unless the operator says otherwise.
    pub origin: String,
    /// A segment is closed before it grows beyond this, in bytes.
    pub segment_bytes: u64,
    /// A segment is closed when it is this old.
    pub segment_age: Duration,
    /// What the age and the records tell the time by.
    pub clock: Clock,
    /// What the policy says.
    pub terms: Terms,
}

impl Settings {
    /// The defaults for a folder and an origin: segments of 64 MiB or one day, by the clock of the system.
    #[must_use]
    pub fn new(dir: PathBuf, origin: String) -> Self {
        Self {
            dir,
            origin,
            segment_bytes: 64 * 1024 * 1024,
            segment_age: Duration::from_secs(24 * 3600),
            clock: Clock::system(),
            terms: Terms::default(),
        }
    }
}

/// What the section `[audit]` of the policy says; adopted again when the policy is reloaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// When an intent counts as recorded.
    pub durability: Durability,
    /// What happens when the log cannot be written.
    pub on_write_failure: OnWriteFailure,
    /// What is recorded of a call's arguments.
    pub arguments: Arguments,
}

/// When an intent counts as recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// When `write` returned: survives the end of the process, not of the machine.
    #[default]
    Written,
    /// When `fdatasync` returned: survives a power cut. Intents that wait share one.
    Synced,
}

/// What happens when the log cannot be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnWriteFailure {
    /// No call is forwarded until the log can be written again.
    #[default]
    Deny,
    /// Records wait in memory up to this many bytes; then as [`OnWriteFailure::Deny`].
    Spool(usize),
}

/// What is recorded of a call's arguments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arguments {
    /// Nothing but the digest of the whole request.
    #[default]
    Digest,
    /// The names of the top members.
    Names,
    /// The text, up to 16 KiB.
    Full,
}
