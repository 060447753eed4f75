//! Channel names as configuration spells them: the policy's own type, and never `harpoon`, which is reserved.
//!
//! Leaves to others: which channels exist.

use portcullis_policy::Channel;

use super::mistake::Fault;

const RESERVED: &str = "harpoon";

/// The name of a binding: blanks and capitals are forgiven, and nothing means `main` (CB-001).
pub(crate) fn of_binding(text: &str) -> Result<Channel, Fault> {
    match Channel::parse(text) {
        Ok(name) if name.as_str() == RESERVED => Err(Fault::new(
            "is `harpoon`, which is reserved and not supported yet",
            "choose another channel",
        )),
        Ok(name) => Ok(name),
        Err(_) => Err(no_name()),
    }
}

/// A name that must already be canonical.
pub(crate) fn canonical(text: &str) -> Result<Channel, Fault> {
    match of_binding(text)? {
        name if name.as_str() == text => Ok(name),
        _ => Err(no_name()),
    }
}

fn no_name() -> Fault {
    Fault::new(
        "is not the name of a channel",
        "write 1 to 64 of a-z, 0-9, `_` and `-`, in lower case and without blanks",
    )
}
