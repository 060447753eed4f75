//! What is kept for good of each decision.

use crate::relay::port::{Records, Unrecorded};
use crate::relay::record::{Decided, Ended, Refusal};

/// Until there is an audit log, the log is all that is kept.
pub(super) struct Unkept;

impl Records for Unkept {
    type Intent = ();

    async fn intent(&self, _: &Decided<'_>) -> Result<(), Unrecorded> {
        Ok(())
    }

    fn outcome(&self, (): (), _: &Ended) {}

    fn refusal(&self, _: &Decided<'_>, _: &Refusal) {}

    fn poll_lost(&self, _: &'static str) {}
}
