//! The audit notes of meetings with peers that went wrong; each once in a while, for the numbers tell how often.

use crate::ops::audit::Field;
use crate::ops::event::PeerEvent;

/// Hands the facts of the event to `record`; a handshake that ended well is none, and neither is a repetition.
pub(super) fn with_fields(
    endpoint: &str,
    event: &PeerEvent<'_>,
    record: impl Fn(&[(&'static str, Field<'_>)]),
) {
    let (what, why) = match *event {
        PeerEvent::Refused {
            reason,
            is_news: true,
        } => ("tls.refused", reason),
        PeerEvent::Alerted {
            alert,
            is_news: true,
        } => ("tls.alerted", alert),
        PeerEvent::Unasked { is_news: true } => ("tls.unasked", "server_did_not_ask"),
        PeerEvent::Unasked { .. }
        | PeerEvent::Refused { .. }
        | PeerEvent::Alerted { .. }
        | PeerEvent::Handshake(_) => return,
    };
    record(&[
        ("event", Field::Text(what)),
        ("endpoint", Field::Text(endpoint)),
        ("reason", Field::Text(why)),
    ]);
}
