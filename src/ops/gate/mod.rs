//! The gate by hand and by cause: whether the agent polls, and whether what it took may still go in.
//!
//! Promises: lowered while any cause holds; what an operator did survives a restart. An open poll is never cut: the relay works off or refuses
//! what it still brings.
//! Leaves to others: refusing (`relay`), telling (`Ops::emit`), and who may move it (`admin`).

mod keep;

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use serde::Serialize;
use tokio::sync::watch;

use self::keep::Keep;

/// The most bytes of an operator's reason.
pub const REASON_CAP: usize = 500;

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

    /// What lets go of it.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Operator => "raise it with `portcullis raise` when the reason is gone",
            Self::Audit => {
                "make room on the disk of the state directory and check who may write there"
            }
            Self::Identity => "renew the certificate",
            Self::Policy => "mend the policy file",
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
    /// Which process asked for it, if one did.
    pub by: Option<Actor>,
}

/// The process that moved the gate, as the kernel names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Actor {
    /// Its user.
    pub uid: u32,
    /// Its id, if the kernel tells it.
    pub pid: Option<i32>,
}

/// What an operator can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Stop polling and refuse every call in flight at once.
    Drop,
    /// Stop polling and let work finish.
    Quiesce,
    /// Undo either.
    Raise,
}

/// The gate.
#[derive(Debug)]
pub struct Gate {
    holds: watch::Sender<Vec<Hold>>,
    keep: Option<Keep>,
    /// One operator at a time: what holds, what is kept and what is recorded follow one order.
    hand: Mutex<()>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            holds: watch::Sender::new(Vec::new()),
            keep: None,
            hand: Mutex::new(()),
        }
    }
}

impl Gate {
    /// The gate as the operator left it: what this file says, raised if there is none. A file that cannot be read or understood is doubt, and doubt
    /// means no (INVARIANT: 4): the gate is lowered until it is raised by hand.
    #[must_use]
    pub fn kept_in(file: PathBuf) -> Self {
        let keep = Keep::new(file);
        Self {
            holds: watch::Sender::new(keep.read().into_iter().collect()),
            keep: Some(keep),
            hand: Mutex::new(()),
        }
    }

    /// Does what an operator asks, keeps it over a restart, and has it recorded before anybody else can ask.
    ///
    /// # Errors
    /// When it cannot be kept. A drop or quiesce holds all the same until the restart; a raise is not done.
    pub fn act(
        &self,
        action: Action,
        (reason, by): (&str, Actor),
        record: impl FnOnce(),
    ) -> io::Result<()> {
        let _alone = self.hand.lock().unwrap_or_else(PoisonError::into_inner);
        let done = self.do_alone(action, reason, by);
        record();
        done
    }

    fn do_alone(&self, action: Action, reason: &str, by: Actor) -> io::Result<()> {
        let standing = match action {
            Action::Drop => Standing::Lowered,
            Action::Quiesce => Standing::Quiesced,
            Action::Raise => {
                self.keep.as_ref().map_or(Ok(()), Keep::clear)?;
                self.let_go(Cause::Operator);
                return Ok(());
            }
        };
        let hold = Hold {
            cause: Cause::Operator,
            standing,
            reason: reason.to_owned(),
            since: SystemTime::now(),
            by: Some(by),
        };
        self.hold(hold.clone());
        self.keep.as_ref().map_or(Ok(()), |keep| keep.write(&hold))
    }

    /// Tells when any hold changes.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Vec<Hold>> {
        self.holds.subscribe()
    }

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
mod tests;
