//! What operators see of a running agent, and the little they can do to it: one value, [`Ops`].
//!
//! - [`event`]: what can happen; [`Ops::emit`] is the one place that turns it into log and numbers
//! - [`gate`]: the gate by hand and by cause
//! - [`log`]: lines on standard error

pub mod event;
pub mod gate;
pub mod log;

use std::sync::Arc;

use self::event::Event;
use self::gate::Gate;

/// The operator's side of the agent.
#[derive(Debug, Default)]
pub struct Ops {
    /// The gate.
    pub gate: Arc<Gate>,
}

impl Ops {
    /// Everything in memory, for tests and simulations.
    #[must_use]
    pub fn for_tests() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// Tells that something happened.
    pub fn emit(&self, event: Event<'_>) {
        log::lines::write(&event);
    }
}
