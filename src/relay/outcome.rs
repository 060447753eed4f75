//! Every accepted command has exactly one outcome (INVARIANT 7).

use tracing::{error, info};

use crate::wire::address::RequestId;

/// Why a command got no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoReply {
    /// The service's own deadline for it passed: it has answered the caller itself (wire sheet 10.4).
    Expired,
    /// The reply could not be posted.
    PostFailed,
}

impl NoReply {
    /// The stable word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::PostFailed => "post_failed",
        }
    }
}

/// Watches over one command until its outcome is known. Dropped before that, it says so loudly: the command was lost by a defect.
#[derive(Debug)]
pub struct Outcome {
    request_id: RequestId,
    settled: bool,
}

impl Outcome {
    /// Opens the watch.
    #[must_use]
    pub fn open(request_id: &RequestId) -> Self {
        Self {
            request_id: request_id.clone(),
            settled: false,
        }
    }

    /// The one reply was posted with this `resp_code`.
    pub fn posted(mut self, code: u16) {
        self.settled = true;
        info!(request_id = %self.request_id, code, "replied");
    }

    /// There is no reply, for this reason.
    pub fn unanswered(mut self, why: NoReply) {
        self.settled = true;
        info!(request_id = %self.request_id, reason = why.label(), "left unanswered");
    }
}

impl Drop for Outcome {
    fn drop(&mut self) {
        if !self.settled {
            error!(request_id = %self.request_id, "lost a command without an outcome");
        }
    }
}
