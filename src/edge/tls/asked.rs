//! Whether a server asked for our certificate. The TLS library tells that to whoever chooses the certificate and to nobody else, in the middle of
//! the handshake; the task that waits for that handshake is told here.

use std::cell::Cell;

tokio::task_local! {
    static ASKED: Cell<bool>;
}

/// A server that must ask for our certificate did not: it lets anyone in.
#[derive(Debug, thiserror::Error)]
#[error("the server did not ask for the client certificate")]
pub struct NotAsked;

/// What to do about a server that does not ask for our certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unasked {
    /// Nothing: there is no certificate to ask for.
    #[default]
    Fine,
    /// It is told.
    Told,
    /// Nothing is sent.
    Refused,
}

/// The handshake under way on this task asked for it.
pub(super) fn note() {
    // Outside of a connection of ours nobody wants to know.
    let _ = ASKED.try_with(|asked| asked.set(true));
}

/// Does work that makes at most one handshake; with its outcome, whether our certificate was asked for.
pub async fn noting<F: Future>(work: F) -> (F::Output, bool) {
    let noted = async {
        let done = work.await;
        (done, ASKED.with(Cell::get))
    };
    ASKED.scope(Cell::new(false), noted).await
}
