//! The first material of each endpoint, read at start, and the peer that is made of it.
//!
//! Every fault of every file is reported at once. An identity that is past its end, or not valid yet, is no mistake: the agent starts with its
//! gate lowered and takes up a better one by itself.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use portcullis_certs::Roots;

use super::seen::Seen;
use super::side::{Side, Use, first};
use super::source::{Material, Source};
use super::witness::witness;
use crate::config::{self, Config, ConfiguredPath, Mistake, TrustMode};
use crate::edge::net::Peer;
use crate::ops::Ops;
use crate::ops::event::{Event, RotationEvent};
use crate::rotate::port::Digest;

/// An endpoint whose files passed.
pub(super) struct Ready<S> {
    source: Source,
    uses: Use<S>,
    digest: Digest,
    material: Material,
}

/// Reads and judges the files of an endpoint; `None` after a mistake.
pub(super) fn read<S>(
    source: Source,
    uses: Use<S>,
    mistakes: &mut Vec<Mistake>,
) -> Option<Ready<S>> {
    let (digest, texts) = match source.read() {
        Ok(read) => read,
        Err((faults, reasons)) => {
            add(
                mistakes,
                faults.iter().filter_map(|fault| source.mistake(fault)),
            );
            add(
                mistakes,
                reasons.into_iter().map(|reason| secret(&reason.sentence)),
            );
            return None;
        }
    };
    match source.judge_first(texts, &uses.rules) {
        Ok(material) => Some(Ready {
            source,
            uses,
            digest,
            material,
        }),
        Err(faults) => {
            let faults = faults.iter();
            add(mistakes, faults.filter_map(|fault| source.mistake(fault)));
            None
        }
    }
}

impl<S: Send + Sync + 'static> Ready<S> {
    /// Every file it is made of.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.source.files()
    }

    /// Opens the peer and tells what it is shown.
    ///
    /// # Errors
    /// What the cryptography library cannot use, which no check of ours foresaw.
    pub(super) fn open(
        self,
        connect: Duration,
        ops: &Arc<Ops>,
    ) -> anyhow::Result<(Side<S>, Arc<Peer<S>>, Digest)> {
        let (tls, carried) = self.uses.of(&self.material)?;
        let seen = Arc::new(Seen::default());
        let witness = witness(&self.source.name, ops, Arc::clone(&seen));
        let peer = Arc::new(Peer::carrying(tls, connect, carried, witness));
        let published = RotationEvent::Published {
            trigger: "start",
            now: &first(&self.source, &self.material),
            took: Duration::ZERO,
        };
        ops.emit(Event::Rotation(&self.source.name, published));
        let carried = Arc::downgrade(&peer);
        ops.counted.add(&self.source.name, move || {
            let peer = carried.upgrade();
            peer.map(|peer| peer.traffic()).unwrap_or_default()
        });
        let files = (self.source, self.uses);
        let side = Side::new(files, Arc::clone(&peer), seen, self.material);
        Ok((side, peer, self.digest))
    }
}

/// The roots that a private bundle is added to; none where it stands alone.
pub(super) fn base(
    config: &Config,
    own: Option<&ConfiguredPath>,
    public: &Arc<Roots>,
) -> Option<Arc<Roots>> {
    let alone = config.trust.mode == TrustMode::Replace && config.trust.ca_bundle.is_some();
    (own.is_none() && !alone).then(|| Arc::clone(public))
}

/// The built-in roots, and the system's where there are any: a minimal image has none, and that is no mistake. They are read once.
pub(super) fn public(config: &Config) -> Arc<Roots> {
    let system = if config.trust.system_roots {
        Roots::system().ok()
    } else {
        None
    };
    Arc::new(system.into_iter().fold(Roots::public(), Roots::plus))
}

/// Endpoints share files; what is wrong with one of those is said once.
fn add(mistakes: &mut Vec<Mistake>, more: impl Iterator<Item = Mistake>) {
    for mistake in more {
        if !mistakes.contains(&mistake) {
            mistakes.push(mistake);
        }
    }
}

/// The configuration has read every secret a moment ago, so this one changed since.
fn secret(sentence: &str) -> Mistake {
    Mistake::new("secrets", config::Source::Absent, sentence, "start again")
}
