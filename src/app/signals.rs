//! The signals that stop the agent, the one that makes it read its files again, and the one that must not end it.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGXFSZ on the machines we build for (signal(7)).
const FILE_TOO_LARGE: SignalKind = SignalKind::from_raw(25);

/// All of them. None of them ends the process by itself from now on, not even after this is dropped.
pub(super) struct Signals {
    stops: Stops,
    hangups: Signal,
}

/// SIGTERM and SIGINT.
pub(super) struct Stops {
    terminate: Signal,
    interrupt: Signal,
    /// Heard and passed over: a file that meets a limit of its size is then an error of the write, which the audit log answers, and not the
    /// end of the process.
    _file_too_large: Signal,
}

impl Signals {
    /// Starts to listen.
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self {
            hangups: signal(SignalKind::hangup())?,
            stops: Stops {
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
                _file_too_large: signal(FILE_TOO_LARGE)?,
            },
        })
    }

    /// Those that stop, and SIGHUP.
    pub(super) fn split(self) -> (Stops, Signal) {
        (self.stops, self.hangups)
    }
}

impl Stops {
    /// Waits for the next one, and names it.
    pub(super) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
