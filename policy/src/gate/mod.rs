//! The strict JSON gate: untrusted bytes in, checked spans out.
//!
//! Two readers of one JSON text must never see two different messages. Lenient parsers differ on repeated
//! names, on names that differ by case, on broken Unicode, on what follows the value; each difference is a way
//! around a policy (threats A1 to A22). So the gate takes only text that every sound reader reads alike, and
//! refuses the rest.
//!
//! It promises: one iterative pass, no recursion, no allocation per value, time linear in the text whatever
//! its content, and limits applied as the pass goes. Text that passes is never changed: callers get spans
//! into the very bytes that were judged.
//!
//! It leaves to others: what the members of a message mean (`mcp`), and whether it may cross (`decide`).

mod caps;
mod fault;
mod gated;
mod id;
mod items;
mod kept;
mod keys;
mod levels;
mod node;
mod numbers;
mod object;
mod runs;
mod scan;
mod skim;
mod span;
mod strings;
mod tokens;
mod watch;

pub use caps::Caps;
pub use fault::{Fault, GateError};
pub use gated::{Gated, message};
pub use id::canonical_id;
pub use kept::Kept;
pub use levels::{Slot, folds_alike};
pub use node::{Elements, Kind, Members, Node};
pub use object::object;
pub use skim::{elements, salvage};
pub use span::Span;
