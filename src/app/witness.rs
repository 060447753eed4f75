//! What becomes of each meeting with a peer: it is told, and the chains of servers are remembered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portcullis_certs::hex;
use tokio::time::Instant;

use super::seen::Seen;
use crate::edge::handshake::{Handshake, Met, Witness};
use crate::edge::tls::Reason;
use crate::ops::Ops;
use crate::ops::audit::sha256;
use crate::ops::event::{Event, HandshakeFacts, PeerEvent};

/// How long the same refusal is no news: a peer is tried again every few seconds, and the log is not for counting.
const KNOWN_FOR: Duration = Duration::from_hours(1);

/// The witness of the endpoint `name`.
pub(super) fn witness(name: &str, ops: &Arc<Ops>, seen: Arc<Seen>) -> Witness {
    let (name, ops) = (name.to_owned(), Arc::downgrade(ops));
    let (refusals, alerts, unasked) = (News::default(), News::default(), News::default());
    Witness::new(move |met| {
        let Some(ops) = ops.upgrade() else { return };
        match met {
            Met::Well(handshake) => {
                seen.add(&handshake.chain);
                well(&ops, &name, handshake);
            }
            Met::Unasked => {
                let is_news = unasked.is_news(Reason::ServerDidNotAsk);
                ops.emit(Event::Peer(&name, PeerEvent::Unasked { is_news }));
            }
            Met::Refused(reason) => {
                let (reason, is_news) = (reason.label(), refusals.is_news(reason));
                ops.emit(Event::Peer(&name, PeerEvent::Refused { reason, is_news }));
            }
            Met::Alerted(reason) => {
                let (alert, is_news) = (reason.label(), alerts.is_news(reason));
                ops.emit(Event::Peer(&name, PeerEvent::Alerted { alert, is_news }));
            }
        }
    })
}

fn well(ops: &Ops, name: &str, handshake: &Handshake) {
    let issuer = handshake.chain.get(1).or(handshake.chain.first());
    let issuer = issuer.map(|der| hex(&sha256(der))).unwrap_or_default();
    let facts = HandshakeFacts {
        version: handshake.version,
        group: &handshake.group,
        resumed: handshake.resumed,
        issuer: &issuer,
    };
    ops.emit(Event::Peer(name, PeerEvent::Handshake(facts)));
}

/// What was told lately: one entry for each word of a fixed list.
#[derive(Default)]
struct News(Mutex<HashMap<&'static str, Instant>>);

impl News {
    fn is_news(&self, reason: Reason) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = told.get(reason.label());
        if known.is_some_and(|at| at.elapsed() < KNOWN_FOR) {
            return false;
        }
        told.insert(reason.label(), Instant::now());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_same_refusal_is_news_once_an_hour() {
        let news = News::default();
        assert!(news.is_news(Reason::TlsVersion));
        assert!(!news.is_news(Reason::TlsVersion));
        assert!(news.is_news(Reason::ServerCertExpired));
        tokio::time::advance(KNOWN_FOR).await;
        assert!(news.is_news(Reason::TlsVersion));
    }
}
