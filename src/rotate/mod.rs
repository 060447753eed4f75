//! One reload, from a changed file to its use: certificates, keys, roots, revocation lists and secrets of each endpoint.
//!
//! Start at [`rotor`], `turn()`: read, judge, try out, publish, and finish what the old generation began. [`trigger`] is what asks for it,
//! [`watch`] and [`clock`] are two who ask, [`port`] is what an endpoint has to be able to do.
//!
//! Promises: a failed reload changes nothing (INVARIANT: 5); one reload at a time for each endpoint, and a trigger that comes meanwhile is not
//! forgotten; nothing here ends the process.
//!
//! Leaves to others: what certificates may be (`certs`), and the connections (`edge`).

pub mod clock;
pub mod port;
pub mod rotor;
pub mod trigger;
pub mod watch;
