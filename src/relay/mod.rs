//! One command from poll to post. Start reading at [`pipeline`].
//!
//! The relay knows no sockets: [`port`] names the two doors it needs. It decides nothing itself either: every message goes through
//! `portcullis_policy`, and only the proofs that come back can be sent.
//!
//! - [`polling`]: asks for commands; [`patience`] says how long to wait after a failure
//! - [`admission`] and [`replay`]: how many live at once, and none twice
//! - [`listing`]: what the agent asks a server before the first pinned call of a session
//! - [`pipeline`]: the story of one command; `forward` is its part at the server, `end` how it ends, [`streams`] how its caller ends it
//! - [`budget`] and [`life`]: when it is over, and its one outcome; [`record`] is what is kept of it, and [`audited`] keeps it

pub mod admission;
mod admitted;
pub mod audited;
pub mod budget;
mod end;
mod forward;
pub mod in_force;
pub mod life;
pub mod listing;
pub mod patience;
pub mod pipeline;
pub mod polling;
pub mod port;
pub mod record;
pub mod replay;
pub mod streams;
mod waiting;
