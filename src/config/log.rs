//! The section of the log.
//!
//! Leaves to others: what is logged and how a line looks (`ops::log`).

use super::mistake::Fault;
use super::reader::Reader;
use super::table::{LOG_FORMAT, LOG_LEVEL};
use crate::ops::log::{Log, LogFormat, LogLevel};

/// Reads the section, recording every mistake.
pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Log> {
    let level = reader.parsed(&LOG_LEVEL, parse_level);
    let format = reader.parsed(&LOG_FORMAT, parse_format);
    Some(Log {
        level: level?,
        format: format?,
    })
}

fn parse_level(text: &str) -> Result<LogLevel, Fault> {
    text.parse().map_err(|_| {
        Fault::new(
            "is not a log level",
            "write `debug`, `info`, `warn` or `error`",
        )
    })
}

fn parse_format(text: &str) -> Result<LogFormat, Fault> {
    match text {
        "json" => Ok(LogFormat::Json),
        "struct-text" => Ok(LogFormat::StructText),
        _ => Err(Fault::new(
            "is not a log format",
            "write `json` or `struct-text`",
        )),
    }
}
