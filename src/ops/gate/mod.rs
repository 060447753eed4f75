//! The gate by hand and by cause: whether the agent polls, and whether what it took may still go in.
//!
//! Promises: lowered while any cause holds; what an operator did survives a restart. An open poll is never cut: the relay works off or refuses
//! what it still brings.
//! Leaves to others: refusing (`relay`), telling (`Ops::emit`), and who may move it (`admin`).

use std::time::SystemTime;

use tokio::sync::watch;

/// How the gate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Commands are taken and carried out.
    Raised,
    /// No command is taken; those taken are carried out.
    Quiesced,
    /// No command is taken, and each one in flight is refused at once.
    Lowered,
}

impl Standing {
    /// The stable word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Quiesced => "quiesced",
            Self::Lowered => "lowered",
        }
    }
}

/// Who or what holds the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// An operator.
    Operator,
    /// Nothing can be recorded.
    Audit,
    /// An identity is outside its validity.
    Identity,
    /// There is no policy in force.
    Policy,
}

impl Cause {
    /// The stable word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Audit => "audit",
            Self::Identity => "identity",
            Self::Policy => "policy",
        }
    }
}

/// One hold on the gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Who or what.
    pub cause: Cause,
    /// How low.
    pub standing: Standing,
    /// In words: of the operator, or fixed ones.
    pub reason: String,
    /// From when.
    pub since: SystemTime,
}

/// The gate.
#[derive(Debug)]
pub struct Gate {
    holds: watch::Sender<Vec<Hold>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            holds: watch::Sender::new(Vec::new()),
        }
    }
}

impl Gate {
    /// How it stands: as low as the lowest hold.
    #[must_use]
    pub fn standing(&self) -> Standing {
        lowest(&self.holds.borrow())
    }

    /// Every hold on it, in the order of the causes.
    #[must_use]
    pub fn holds(&self) -> Vec<Hold> {
        self.holds.borrow().clone()
    }

    /// Returns when polling is allowed.
    pub async fn polls(&self) {
        self.wait_for(|standing| standing == Standing::Raised).await;
    }

    /// Returns when it is lowered.
    pub async fn lowered(&self) {
        self.wait_for(|standing| standing == Standing::Lowered)
            .await;
    }

    /// Holds it for a cause: `Lowered` or `Quiesced`. A second hold of a cause takes the place of the first.
    pub fn hold(&self, hold: Hold) {
        self.holds.send_modify(|holds| {
            holds.retain(|held| held.cause != hold.cause);
            holds.push(hold);
            holds.sort_by_key(|held| held.cause);
        });
    }

    /// Lets go of it for a cause; whether that cause held it.
    pub fn let_go(&self, cause: Cause) -> bool {
        self.holds.send_if_modified(|holds| {
            let before = holds.len();
            holds.retain(|held| held.cause != cause);
            holds.len() != before
        })
    }

    async fn wait_for(&self, right: impl Fn(Standing) -> bool) {
        let mut holds = self.holds.subscribe();
        // The sender lives as long as `self`, so the wait cannot fail.
        let _ = holds.wait_for(|holds| right(lowest(holds))).await;
    }
}

fn lowest(holds: &[Hold]) -> Standing {
    let standings = holds.iter().map(|hold| hold.standing);
    standings.max().unwrap_or(Standing::Raised)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hold(cause: Cause, standing: Standing) -> Hold {
        Hold {
            cause,
            standing,
            reason: "test".to_owned(),
            since: SystemTime::UNIX_EPOCH,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_as_low_as_its_lowest_hold() {
        let gate = Gate::default();
        gate.polls().await;
        gate.hold(hold(Cause::Operator, Standing::Quiesced));
        assert_eq!(gate.standing(), Standing::Quiesced);
        gate.hold(hold(Cause::Audit, Standing::Lowered));
        gate.lowered().await;
        assert!(gate.let_go(Cause::Operator));
        assert_eq!(gate.standing(), Standing::Lowered, "the other cause holds");
        assert!(gate.let_go(Cause::Audit) && !gate.let_go(Cause::Audit));
        gate.polls().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_when_the_gate_moves() {
        let gate = Gate::default();
        let lower = async { gate.hold(hold(Cause::Operator, Standing::Lowered)) };
        tokio::join!(gate.lowered(), lower);
        let raise = async { gate.let_go(Cause::Operator) };
        tokio::join!(gate.polls(), raise);
    }
}
