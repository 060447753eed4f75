//! Whether a candidate passes its trial, and when none is made.

use std::time::Duration;

use super::Rotor;
use crate::ops::event::RotationEvent;
use crate::rotate::port::{Endpoint, Reason, Trial};

/// A candidate that cannot be tried is put in use all the same when what is in use ends within this.
const TOO_LATE_TO_TRY: Duration = Duration::from_secs(600);

impl<E: Endpoint> Rotor<E> {
    /// Why the candidate may not be put in use, if its trial gave a reason.
    pub(super) async fn try_out(&self, candidate: &E::Candidate) -> Option<Reason> {
        if !self.terms.canary {
            return None;
        }
        let trial = self.endpoint.try_out(candidate).await;
        let (result, why) = match &trial {
            Trial::Skipped => return None,
            Trial::Passed => ("passed", ""),
            Trial::Refused(why) => ("refused", why.as_str()),
            Trial::Unreached(why) if self.is_too_late_to_try() => ("skipped", why.as_str()),
            Trial::Unreached(why) => ("unreached", why.as_str()),
        };
        self.tell(RotationEvent::Canary { result, why });
        let (code, sentence) = match result {
            "refused" => (
                "canary_refused",
                "the service refused a trial request under the new files; check that it knows this certificate and key",
            ),
            "unreached" => (
                "canary_unreached",
                "the service could not be reached to try the new files; they are tried again",
            ),
            _ => return None,
        };
        Some(Reason {
            code,
            sentence: format!("{sentence}: {why}"),
        })
    }

    fn is_too_late_to_try(&self) -> bool {
        let now = (self.terms.wall)();
        let left = self
            .endpoint
            .validity()
            .map(|validity| validity.not_after.duration_since(now).unwrap_or_default());
        left.is_some_and(|left| left < TOO_LATE_TO_TRY)
    }
}
