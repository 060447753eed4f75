//! The open connections of one generation, so that each can be seen and cut: the HTTP client's own pool can do neither.
//!
//! Promises: a connection that has been cut carries nothing more in either direction; a sweep also reaches connections that were being made
//! while it ran.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::pki_types::CertificateDer;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::handshake::{Met, Witness};
use super::tls::{Reason, classify};

/// The certificates a server showed, its own first; none without TLS.
pub type Chain = Arc<[CertificateDer<'static>]>;

/// Whether a connection to a server with these certificates has to go.
pub type Sweep = Arc<dyn Fn(&[CertificateDer<'static>]) -> bool + Send + Sync>;

/// See the module.
#[derive(Default)]
pub struct Connections {
    table: Mutex<Table>,
    count: watch::Sender<usize>,
    requests: AtomicU64,
    witness: Witness,
}

#[derive(Default)]
struct Table {
    next: u64,
    live: HashMap<u64, Live>,
    sweep: Option<Sweep>,
    alert: Option<Reason>,
}

struct Live {
    chain: Chain,
    cut: CancellationToken,
}

/// One open connection; dropping it takes it off the list.
pub struct Entry {
    connections: Arc<Connections>,
    id: u64,
    cut: CancellationToken,
}

impl Connections {
    /// None yet; `witness` is told of alerts.
    #[must_use]
    pub fn seen_by(witness: Witness) -> Self {
        Self {
            witness,
            ..Self::default()
        }
    }

    /// Puts a new connection on the list. One that an earlier sweep would have cut is cut at once.
    #[must_use]
    pub fn enter(self: &Arc<Self>, chain: Chain) -> Entry {
        let mut table = self.lock();
        let cut = CancellationToken::new();
        if table.sweep.as_ref().is_some_and(|sweep| sweep(&chain)) {
            cut.cancel();
        }
        let id = table.next;
        table.next += 1;
        let live = Live {
            chain,
            cut: cut.clone(),
        };
        table.live.insert(id, live);
        self.tell(&table);
        Entry {
            connections: Arc::clone(self),
            id,
            cut,
        }
    }

    /// How many are open.
    #[must_use]
    pub fn count(&self) -> usize {
        *self.count.borrow()
    }

    /// Counts a request that is sent now.
    pub(super) fn sends(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests were sent.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// The certificates of every server that is connected now.
    #[must_use]
    pub fn chains(&self) -> Vec<Chain> {
        let table = self.lock();
        table.live.values().map(|live| live.chain.clone()).collect()
    }

    /// Returns once none is open.
    pub async fn ended(&self) {
        // The sender lives as long as `self`.
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }

    /// The handles to cut each one open now, for cuts that are spread over a while.
    #[must_use]
    pub fn handles(&self) -> Vec<CancellationToken> {
        let table = self.lock();
        table.live.values().map(|live| live.cut.clone()).collect()
    }

    /// Cuts each connection that `sweep` names, now and from now on; how many were open.
    pub fn sweep(&self, sweep: Sweep) -> usize {
        let mut table = self.lock();
        let named = table.live.values().filter(|live| sweep(&live.chain));
        let cut = named.inspect(|live| live.cut.cancel()).count();
        table.sweep = Some(sweep);
        cut
    }

    /// The alert a peer sent last. The HTTP client keeps it to itself: a certificate that a peer does not want is refused after the handshake is over
    /// for us, and the request that waits is only told that the connection ended.
    #[must_use]
    pub fn alert(&self) -> Option<Reason> {
        self.lock().alert
    }

    fn leave(&self, id: u64) {
        let mut table = self.lock();
        table.live.remove(&id);
        self.tell(&table);
    }

    fn tell(&self, table: &Table) {
        self.count.send_replace(table.live.len());
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connections").field(&self.count()).finish()
    }
}

impl Entry {
    /// Keeps what a failure of the stream says of the peer.
    pub fn failed(&self, error: &io::Error) {
        let reason = classify(error);
        if matches!(reason, Reason::Alert(_)) {
            self.connections.lock().alert = Some(reason);
            self.connections.witness.saw(Met::Alerted(reason));
        }
    }

    /// Cancelled when the connection is to be cut.
    #[must_use]
    pub fn cut(&self) -> &CancellationToken {
        &self.cut
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.connections.leave(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(byte: u8) -> Chain {
        Arc::new([CertificateDer::from(vec![byte])])
    }

    fn names(byte: u8) -> Sweep {
        Arc::new(move |chain| chain.iter().any(|der| der.as_ref() == [byte]))
    }

    #[tokio::test]
    async fn the_count_follows_and_ends_the_wait() {
        let connections = Arc::new(Connections::default());
        let entries = [connections.enter(chain(1)), connections.enter(Arc::new([]))];
        assert_eq!(connections.count(), 2);
        drop(entries);
        connections.ended().await;
        assert_eq!(connections.count(), 0);
    }

    #[test]
    fn a_sweep_cuts_whom_it_names_and_who_comes_later() {
        let connections = Arc::new(Connections::default());
        let (bad, good) = (connections.enter(chain(1)), connections.enter(chain(2)));
        assert_eq!(connections.sweep(names(1)), 1);
        assert!(bad.cut().is_cancelled() && !good.cut().is_cancelled());
        let late = connections.enter(chain(1));
        assert!(
            late.cut().is_cancelled(),
            "its handshake ran during the sweep"
        );
        assert!(!connections.enter(chain(2)).cut().is_cancelled());
    }
}
