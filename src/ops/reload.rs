//! An operator's request to read every file again now.

use std::sync::OnceLock;

use tokio::sync::{mpsc, oneshot};

use super::gate::Actor;

/// What an operator may override.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Force {
    /// A root may go although peers that are connected stand under it.
    pub roots: bool,
    /// The certificate may be for another name.
    pub identity: bool,
    /// The certificate may be older than the one in use.
    pub rollback: bool,
}

impl Force {
    /// What either overrides.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            roots: self.roots || other.roots,
            identity: self.identity || other.identity,
            rollback: self.rollback || other.rollback,
        }
    }
}

/// One request.
#[derive(Debug)]
pub struct Reload {
    /// What it overrides.
    pub force: Force,
    /// Who asks.
    pub by: Actor,
    /// Where what came of it goes: one line for each endpoint.
    pub answer: oneshot::Sender<Vec<String>>,
}

/// Where requests go once somebody follows them.
#[derive(Debug, Default)]
pub struct Reloads(OnceLock<mpsc::Sender<Reload>>);

impl Reloads {
    /// Follows requests from now on; the first caller does.
    #[must_use]
    pub fn follow(&self) -> mpsc::Receiver<Reload> {
        let (sender, requests) = mpsc::channel(1);
        let _ = self.0.set(sender);
        requests
    }

    /// Asks, and returns what came of it; nothing if nobody follows.
    pub async fn ask(&self, force: Force, by: Actor) -> Option<Vec<String>> {
        let (answer, answered) = oneshot::channel();
        let request = Reload { force, by, answer };
        self.0.get()?.send(request).await.ok()?;
        answered.await.ok()
    }
}
