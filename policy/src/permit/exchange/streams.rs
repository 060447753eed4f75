//! Cancellation by the end of a stream: from MCP 2026-07-28 on no message says so to a server.

use super::{Exchange, Expects};

impl Exchange {
    /// Our id of a call that its caller cancels by the end of its stream (MCP 2026-07-28): such a call has to end when it is cancelled.
    #[must_use]
    pub fn ends_with_stream(&self) -> Option<u64> {
        match &self.expects {
            Expects::Answer(call) => call.revision.is_modern().then_some(call.upstream_id),
            Expects::Ack(..) | Expects::Termination => None,
        }
    }

    /// Our id of the call whose stream this cancellation ends; then it is not a message for the server.
    #[must_use]
    pub fn ends_stream(&self) -> Option<u64> {
        match &self.expects {
            Expects::Ack(_, call) => call
                .filter(|call| call.ends_with_stream)
                .map(|call| call.upstream_id),
            Expects::Answer(_) | Expects::Termination => None,
        }
    }
}
