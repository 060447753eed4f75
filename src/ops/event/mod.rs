//! What can happen, as one closed list: each place that has something to tell emits one of these and nothing else.
//!
//! Promises: fields are labels, numbers and ids; never text of a caller or a server, never a secret (INVARIANT: 6).
//! Leaves to others: what becomes of an event (`Ops::emit`): its log line, its counters and its part in readiness.

mod agent;
mod command;
mod definition;
mod peer;
mod poll;
mod rotation;

pub use agent::{AgentEvent, ServerEvent, TrialPhase};
pub use command::{Call, CallKind, CommandEvent, NoAnswer, Side, Times};
pub use definition::{Changed, DefinitionEvent};
pub use peer::{HandshakeFacts, PeerEvent};
pub use poll::{PollEvent, PollFailure, PollFault, PollPause};
pub use rotation::RotationEvent;

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// In the poll loop.
    Poll(PollEvent<'a>),
    /// To one command.
    Command(Call<'a>, CommandEvent<'a>),
    /// Between the agent and the private server of this channel.
    Server(&'a str, ServerEvent),
    /// To the definitions that the server of this channel tells of itself.
    Definition(&'a str, DefinitionEvent<'a>),
    /// To the certificates, roots and secrets of this endpoint: `control plane` or a channel.
    Rotation(&'a str, RotationEvent<'a>),
    /// Between the agent and the peer of this endpoint.
    Peer(&'a str, PeerEvent<'a>),
    /// To the agent as a whole.
    Agent(AgentEvent<'a>),
}
