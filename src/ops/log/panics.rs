//! A panic as a line of the log.
//!
//! Promises: the line says where, and nothing of what was said: the message of a panic is made of whatever was at hand, a key or an argument
//! not excepted (INVARIANT: 6).

use std::io::{self, Write as _};
use std::panic;

use tracing::error;

/// From now on a panic of any thread is told by its place alone. Before the log is started it is told on standard error.
pub fn report_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tell(place.as_deref().unwrap_or("an unknown place"));
    }));
}

fn tell(place: &str) {
    if tracing::dispatcher::has_been_set() {
        error!(place, "a panic: a defect; report it, with the version");
    } else {
        // There is nobody else to tell.
        let _ = writeln!(
            io::stderr(),
            "portcullis: a panic at {place}: a defect; report it, with the version"
        );
    }
}
