//! Runs with a defect put in on purpose: each must be found, so that the checker is known to look.

use crate::diary::{Fact, Post};

/// One defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// A message goes to its server twice.
    RunsTwice,
    /// A reply is posted twice.
    PostsTwice,
    /// A reply goes to the command of somebody else.
    PostsElsewhere,
    /// A reply is never posted, and told as if it was.
    PostsNothing,
    /// Intents are not written.
    ForgetsIntents,
    /// Outcomes are not recorded.
    ForgetsOutcomes,
    /// Refusals are not recorded.
    ForgetsRefusals,
    /// A poll that broke off is not recorded.
    ForgetsLostPolls,
    /// Servers are not told that nobody waits.
    ForgetsCancels,
    /// The relay does not remember what it took.
    ForgetsCommands,
    /// A place is never given back.
    KeepsAPlace,
    /// Work goes on after the drain.
    WorksOn,
    /// A dropped gate stops nothing.
    IgnoresTheGate,
    /// A command waits for ever.
    Hangs,
}

impl Mutant {
    pub const ALL: [Self; 14] = [
        Self::RunsTwice,
        Self::PostsTwice,
        Self::PostsElsewhere,
        Self::PostsNothing,
        Self::ForgetsIntents,
        Self::ForgetsOutcomes,
        Self::ForgetsRefusals,
        Self::ForgetsLostPolls,
        Self::ForgetsCancels,
        Self::ForgetsCommands,
        Self::KeepsAPlace,
        Self::WorksOn,
        Self::IgnoresTheGate,
        Self::Hangs,
    ];

    /// How often a message reaches its server.
    pub fn runs(mutant: Option<Self>, fact: Fact) -> Vec<Fact> {
        match mutant {
            Some(Self::RunsTwice) => vec![fact.clone(), fact],
            _ => vec![fact],
        }
    }

    /// Which replies the service sees.
    pub fn posts(mutant: Option<Self>, mut post: Post) -> Vec<Post> {
        match mutant {
            Some(Self::PostsTwice) => vec![post.clone(), post],
            Some(Self::PostsNothing) if post.terminal => vec![],
            Some(Self::PostsElsewhere) => {
                post.id = "c0".to_owned();
                vec![post]
            }
            _ => vec![post],
        }
    }

    /// Whether this is not written down.
    pub fn forgets(mutant: Option<Self>, fact: &Fact) -> bool {
        match mutant {
            Some(Self::ForgetsIntents) => matches!(fact, Fact::Intent { .. }),
            Some(Self::ForgetsOutcomes) => matches!(fact, Fact::Outcome { .. }),
            Some(Self::ForgetsRefusals) => matches!(fact, Fact::Refusal { .. }),
            Some(Self::ForgetsCancels) => matches!(fact, Fact::Cancelled { .. }),
            Some(Self::ForgetsLostPolls) => matches!(fact, Fact::PollLost),
            _ => false,
        }
    }
}
