//! The look around once a second: what changed in readiness goes into the log, and counts that were kept back are told.

use std::time::Duration;

use tokio::time::{Instant, interval};
use tracing::{info, warn};

use super::state::readiness::{Cause, Readiness};
use super::{Ops, log};

const EVERY: Duration = Duration::from_secs(1);

impl Ops {
    /// Looks around until it is dropped.
    pub async fn keep_watch(&self) {
        let mut ticks = interval(EVERY);
        loop {
            ticks.tick().await;
            self.look();
        }
    }

    /// Tells what changed since the last look.
    pub fn look(&self) {
        log::lines::write_kept_back(&self.flood.ended(Instant::now()));
        let now = self.readiness();
        self.told.send_if_modified(|told| {
            let before = told.replace(now.clone());
            tell(before.as_ref(), &now);
            before.as_ref() != Some(&now)
        });
    }

    /// Tells every count that was kept back: the process stops.
    pub fn tell_the_rest(&self) {
        log::lines::write_kept_back(&self.flood.rest());
    }

    /// Wakes whenever a look finds that readiness changed.
    #[must_use]
    pub fn changes(&self) -> tokio::sync::watch::Receiver<Option<Readiness>> {
        self.told.subscribe()
    }
}

fn tell(before: Option<&Readiness>, now: &Readiness) {
    let known = before.map_or(&[][..], |before| &before.causes);
    let is_in = |causes: &[Cause], cause: &Cause| {
        causes
            .iter()
            .any(|other| other.code == cause.code && other.detail == cause.detail)
    };
    for cause in now.causes.iter().filter(|cause| !is_in(known, cause)) {
        let Cause {
            code,
            detail,
            remedy,
            ..
        } = cause;
        warn!(code, detail, remedy, "not ready");
    }
    for cause in known.iter().filter(|cause| !is_in(&now.causes, cause)) {
        info!(code = cause.code, detail = cause.detail, "mended");
    }
    if now.ready && before.is_none_or(|before| !before.ready) {
        info!(status = now.status, "ready");
    }
}
