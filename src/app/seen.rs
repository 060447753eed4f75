//! Which servers were connected lately: a root that one of them stands under is not taken away by accident.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use portcullis_certs::{Fingerprint, Roots};
use rustls::pki_types::CertificateDer;
use tokio::time::Instant;

/// How long a server that was connected counts.
const LATELY: std::time::Duration = std::time::Duration::from_hours(24);
/// How many different chains are remembered; more servers than that do not stand behind one address.
const REMEMBERED: usize = 16;

type Chain = Vec<CertificateDer<'static>>;

/// The chains that servers of one endpoint showed, the latest last.
#[derive(Default)]
pub(super) struct Seen(Mutex<VecDeque<(Chain, Instant)>>);

impl Seen {
    /// Remembers a chain.
    pub(super) fn add(&self, chain: &[CertificateDer<'static>]) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|(known, _)| known != chain);
        seen.push_back((chain.to_vec(), Instant::now()));
        if seen.len() > REMEMBERED {
            seen.pop_front();
        }
    }

    /// The roots they stand under, of those that were believed.
    pub(super) fn anchors(&self, believed: &Roots) -> Vec<Fingerprint> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lately = seen.iter().filter(|(_, at)| at.elapsed() < LATELY);
        let mut anchors: Vec<_> = lately
            .filter_map(|(chain, _)| believed.anchor_of(chain))
            .collect();
        anchors.sort_unstable();
        anchors.dedup();
        anchors
    }
}
