//! Reading until nothing moves: files that are being written are neither old nor new.

use std::sync::Arc;

use tokio::time::sleep;

use super::Rotor;
use crate::rotate::port::{Digest, Endpoint, Reason};

/// How often files are read until two readings agree.
const READINGS: usize = 5;

type Reading<E> = Result<(Digest, <E as Endpoint>::Texts), Vec<Reason>>;

impl<E: Endpoint> Rotor<E> {
    /// Reads until two readings agree: files that are being written are neither old nor new.
    pub(super) async fn settle(&self) -> Reading<E> {
        let mut last = None;
        for _ in 0..READINGS {
            let read = self.read().await;
            let seen = match &read {
                Ok((digest, _)) if *digest == self.in_use => return read,
                Ok((digest, _)) => Ok(*digest),
                Err(reasons) => Err(reasons.clone()),
            };
            if last.as_ref() == Some(&seen) {
                return read;
            }
            last = Some(seen);
            sleep(E::APART).await;
        }
        Err(vec![Reason {
            code: "unstable_files",
            sentence: "the files change while they are read; write each of them once and rename it into place".to_owned(),
        }])
    }

    async fn read(&self) -> Reading<E> {
        let endpoint = Arc::clone(&self.endpoint);
        let reading = tokio::task::spawn_blocking(move || endpoint.read());
        reading.await.unwrap_or_else(|_| Err(vec![defect()]))
    }
}

/// A panic in a check is doubt, and doubt keeps what is in use (INVARIANT: 4).
pub(super) fn defect() -> Reason {
    Reason {
        code: "defect",
        sentence: "a check failed in an unforeseen way; report it, with the version".to_owned(),
    }
}
