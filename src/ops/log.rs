//! The log: one line an event, on standard error.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;

use crate::config::{Log, LogFormat, LogLevel};

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
