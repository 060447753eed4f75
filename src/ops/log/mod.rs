//! The log: one line an event, on standard error.

pub(crate) mod lines;

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;

/// The log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// The least important records to write.
    pub level: LogLevel,
    /// The shape of a line.
    pub format: LogFormat,
}

/// The importance of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// For finding faults.
    Debug,
    /// The ordinary course of things.
    Info,
    /// Something to look at.
    Warn,
    /// Something is broken.
    Error,
}

/// The shape of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// `key=value` text.
    StructText,
}

/// Starts the log of the process. A second call changes nothing.
pub fn start(log: Log) {
    let builder = fmt()
        .with_max_level(level(log.level))
        .with_writer(io::stderr)
        .with_target(false);
    let started = match log.format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::StructText => builder.with_ansi(false).try_init(),
    };
    if started.is_err() {
        tracing::debug!("the log was started before");
    }
}

const fn level(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Error => LevelFilter::ERROR,
    }
}
