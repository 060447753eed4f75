//! What is wrong, since when.

use std::time::SystemTime;

use crate::ops::event::PollFault;

/// Why the control plane does not give work.
#[derive(Clone, Debug)]
pub struct PollTrouble {
    /// What goes wrong.
    pub fault: PollFault,
    /// What the door says: labels, a status and what the service said, shortened and escaped.
    pub error: String,
    /// What an operator can do about it.
    pub remedy: &'static str,
    /// Since when every poll failed.
    pub since: SystemTime,
}

/// Why decisions are not written to the audit log.
#[derive(Clone, Debug)]
pub struct RecordTrouble {
    /// Since when.
    pub since: SystemTime,
    /// The system's own words or a fixed one.
    pub why: String,
    /// Whether they wait in memory and calls go on.
    pub spools: bool,
}
