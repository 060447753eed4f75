//! Switches.

use super::mistake::Fault;

/// `true` or `false`.
pub(crate) fn parse(text: &str) -> Result<bool, Fault> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Fault::new("is not a switch", "write `true` or `false`")),
    }
}
