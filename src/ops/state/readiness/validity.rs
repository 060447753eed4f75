//! Whether a client identity may be shown now.

use super::Cause;
use crate::ops::state::{Identity, Now};

/// The cause of an identity outside its validity.
pub(super) fn outside_validity(identity: &Identity, now: Now) -> Option<Cause> {
    let peer = &identity.peer;
    if now.wall > identity.not_after {
        let detail = format!("the client certificate for {peer} has expired");
        return Some(Cause::new(
            "identity_expired",
            identity.not_after,
            detail,
            "put a renewed certificate in place: it is taken up by itself",
        ));
    }
    (now.wall < identity.not_before).then(|| {
        let detail = format!("the client certificate for {peer} is not valid yet");
        Cause::new(
            "identity_not_yet_valid",
            now.wall,
            detail,
            "check the clock of this machine and the certificate",
        )
    })
}
