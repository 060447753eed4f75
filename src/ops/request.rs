//! What an operator asks for and somebody else carries out, who comes later and may be gone earlier.

use std::sync::OnceLock;

use tokio::sync::{mpsc, oneshot};

use super::gate::Actor;

/// One request.
#[derive(Debug)]
pub struct Request<Q, A> {
    /// What is asked.
    pub what: Q,
    /// Who asks.
    pub by: Actor,
    /// Where what came of it goes.
    pub answer: oneshot::Sender<A>,
}

/// Where requests go once somebody follows them.
#[derive(Debug)]
pub struct Requests<Q, A>(OnceLock<mpsc::Sender<Request<Q, A>>>);

impl<Q, A> Default for Requests<Q, A> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<Q, A> Requests<Q, A> {
    /// Follows requests from now on; the first caller does.
    #[must_use]
    pub fn follow(&self) -> mpsc::Receiver<Request<Q, A>> {
        let (sender, requests) = mpsc::channel(1);
        let _ = self.0.set(sender);
        requests
    }

    /// Asks, and returns what came of it; nothing if nobody follows.
    pub async fn ask(&self, what: Q, by: Actor) -> Option<A> {
        let (answer, answered) = oneshot::channel();
        let request = Request { what, by, answer };
        self.0.get()?.send(request).await.ok()?;
        answered.await.ok()
    }
}
