//! The audit notes of pinned definitions that changed, or are as pinned again.

use crate::ops::audit::Field;
use crate::ops::event::{Changed, DefinitionEvent};

/// Hands the facts of the event to `record`. A listing has records of its own.
pub(super) fn with_fields(
    channel: &str,
    event: &DefinitionEvent<'_>,
    record: impl Fn(&[(&'static str, Field<'_>)]),
) {
    match *event {
        DefinitionEvent::Listed { .. } | DefinitionEvent::ListingFailed { .. } => {}
        DefinitionEvent::Changed(Changed {
            tool,
            pinned,
            found,
            line,
        }) => record(&[
            ("event", Field::Text("pin.changed")),
            ("channel", Field::Text(channel)),
            ("tool", Field::Text(tool)),
            ("pinned", Field::Text(pinned)),
            ("found", Field::Text(found)),
            ("policy_line", Field::Number((*line).into())),
        ]),
        DefinitionEvent::Restored { tool } => record(&[
            ("event", Field::Text("pin.restored")),
            ("channel", Field::Text(channel)),
            ("tool", Field::Text(tool)),
        ]),
    }
}
