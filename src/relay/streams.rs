//! Calls that their callers end: from MCP 2026-07-28 on no message says so to a server, but the end of the call's stream.
//!
//! A cancellation that comes before its call is open here, or when it is done, ends nothing: it is late, as any cancellation may be.

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// The calls that can be ended so, by our id.
#[derive(Default)]
pub struct Streams(Mutex<HashMap<u64, CancellationToken>>);

/// One call, until it is dropped. One that cannot be ended so has no id here.
pub(super) struct Wanted<'a> {
    streams: &'a Streams,
    call: Option<(u64, CancellationToken)>,
}

impl Streams {
    /// Takes a call in.
    pub(super) fn open(&self, id: Option<u64>) -> Wanted<'_> {
        let call = id.map(|id| (id, CancellationToken::new()));
        if let Some((id, token)) = &call {
            self.lock().insert(*id, token.clone());
        }
        Wanted {
            streams: self,
            call,
        }
    }

    /// Its caller does not want it any more.
    pub(super) fn end(&self, id: u64) {
        if let Some(token) = self.lock().get(&id) {
            token.cancel();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wanted<'_> {
    /// Returns when the caller does not want the call any more.
    pub(super) async fn ended(&self) {
        match &self.call {
            Some((_, token)) => token.cancelled().await,
            None => pending().await,
        }
    }
}

impl Drop for Wanted<'_> {
    fn drop(&mut self) {
        if let Some((id, _)) = &self.call {
            self.streams.lock().remove(id);
        }
    }
}
