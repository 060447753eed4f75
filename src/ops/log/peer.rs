//! The lines about meetings with peers; what only repeats is counted and not written.

use tracing::warn;

use crate::ops::event::PeerEvent;

/// Writes the line of an event at this endpoint.
pub(super) fn write(endpoint: &str, event: &PeerEvent<'_>) {
    match *event {
        PeerEvent::Refused {
            reason,
            is_news: true,
        } => warn!(endpoint, reason, "no TLS connection; nothing was sent"),
        PeerEvent::Alerted {
            alert,
            is_news: true,
        } => warn!(endpoint, alert, "the peer ended the connection"),
        PeerEvent::Unasked { is_news: true } => warn!(
            endpoint,
            reason = "server_did_not_ask",
            "the server did not ask for the client certificate: it lets anyone in"
        ),
        PeerEvent::Unasked { .. }
        | PeerEvent::Refused { .. }
        | PeerEvent::Alerted { .. }
        | PeerEvent::Handshake(_) => {}
    }
}
